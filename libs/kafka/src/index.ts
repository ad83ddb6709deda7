export { createKafka, type Kafka } from './client.ts';
export { type KafkaPublished, KafkaPublisher } from './kafka-publisher.ts';
export { type GoneRecords, KafkaStrategy, type KafkaStrategyOptions, type UndecodableBatch } from './kafka.strategy.ts';
export { type Group, LagClock, type Position, positionsOf } from './lag.ts';
export { setMinInsync } from './replication.ts';
export { mendTopics, type TopicDrift, topicDrift } from './topic-settings.ts';
export { topicEnds } from './topic-ends.ts';
export { createTopics, missingTopics, type Replication } from './topics.ts';
