export { declareTopology, missingFromBroker } from './declare.ts';
export { type RabbitmqMessage, RabbitmqPublisher } from './rabbitmq-publisher.ts';
export { RabbitmqStrategy, type RabbitmqStrategyOptions } from './rabbitmq.strategy.ts';
