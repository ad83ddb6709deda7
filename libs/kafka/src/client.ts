import { Kafka, logLevel } from 'kafkajs';

export type { Kafka } from 'kafkajs';

/** kafkajs' own five minutes is how long a new partition is written to by nobody, and read by nobody. */
export const METADATA_MAX_AGE_MS = 5_000;

/** A client of the cluster. Its own retries are short: the loops around it (relay, strategy) repeat for ever and visibly. */
export function createKafka(brokers: readonly string[], clientId: string): Kafka {
  return new Kafka({
    clientId,
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 3_000,
    // Above the consumers' session time-out: a group whose elected leader is dead answers SyncGroup only after expelling it.
    requestTimeout: 15_000,
    retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 2_000 },
  });
}
