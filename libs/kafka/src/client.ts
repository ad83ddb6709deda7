import { CompressionCodecs, CompressionTypes, Kafka, logLevel } from 'kafkajs';
import { codecs } from './codecs.ts';
import { MAX_WEIGHT } from './record-batch.ts';

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

// For whoever reads without a guard, as the tools do: kafkajs itself knows gzip alone. Nothing of ours is sent compressed.
for (const type of [CompressionTypes.Snappy, CompressionTypes.LZ4, CompressionTypes.ZSTD] as const) {
  const { name, decompress } = codecs[type]!;
  CompressionCodecs[type] = () => ({
    compress: () => Promise.reject(new Error(`${name} is read here, and not written`)),
    decompress: (bytes: Buffer) => decompress(bytes, MAX_WEIGHT),
  });
}
