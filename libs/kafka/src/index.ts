export { createKafka, type Kafka } from './client.ts';
export { guarded } from './fetch-guard.ts';
export { type KafkaPublished, KafkaPublisher } from './kafka-publisher.ts';
export { type GoneRecords, KafkaStrategy, type KafkaStrategyOptions, type UndecodableBatch } from './kafka.strategy.ts';
export { type Group, LagClock, type Position, positionsOf } from './lag.ts';
export { setMinInsync } from './replication.ts';
export type { Undecodable } from './fetched-record.ts';
export { mendTopics, type TopicDrift, topicDrift } from './topic-settings.ts';
export { createTopics, missingTopics, type Replication } from './topics.ts';
