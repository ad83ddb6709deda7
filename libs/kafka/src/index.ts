export { createKafka, type Kafka } from './client.ts';
export { KafkaPublisher } from './kafka-publisher.ts';
export { KafkaStrategy, type KafkaStrategyOptions } from './kafka.strategy.ts';
export { type Group, LagClock, type Position, positionsOf } from './lag.ts';
export { createTopics, missingTopics } from './topics.ts';
