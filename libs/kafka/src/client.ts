import { Kafka, logLevel } from 'kafkajs';

export type { Kafka } from 'kafkajs';

/** A client of the cluster. Its own retries are short: the loops around it (relay, strategy) repeat for ever and visibly. */
export function createKafka(brokers: readonly string[], clientId: string): Kafka {
  return new Kafka({
    clientId,
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 2_000 },
  });
}
