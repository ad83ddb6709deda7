import { AsyncLocalStorage } from 'node:async_hooks';
import {
  Decoder,
  type FetchAnswer,
  type FetchArgs,
  fetchRequest,
  type KafkaDecoder,
  readAnswers,
} from './kafkajs-internals.ts';
import { decodeBatches, MAX_WEIGHT } from './record-batch.ts';

/** A consumer asked for an offset that its partition does not have: the records were deleted before it read them. */
export type OutOfRange = { readonly topic: string; readonly partition: number; readonly offset: string };

type Guard = { onOutOfRange(place: OutOfRange): void };

const guards = new AsyncLocalStorage<Guard>();

/** Kafka 2.3, of 2019, was the first to speak it. */
const VERSION = 11;
const OFFSET_OUT_OF_RANGE = 1;

/** Runs `start`, which starts a consumer: whatever that fetches from now on is read by `decodeBatches`. */
export function guarded<T>(guard: Guard, start: () => Promise<T>): Promise<T> {
  return guards.run(guard, start);
}

readAnswers(fetchRequest, (_, args, version) => {
  const guard = guards.getStore();
  if (!guard) return {};
  if (version !== VERSION) throw new Error(`this Kafka is too old: it does not speak version ${VERSION} of Fetch`);
  return { decode: (bytes) => decodeFetch(bytes, args, guard) };
});

/** As kafkajs does (protocol/requests/fetch/v11/response.js), but for the records and for whom it tells. */
async function decodeFetch(bytes: Buffer, { topics }: FetchArgs, guard: Guard): Promise<FetchAnswer> {
  const decoder = new Decoder(bytes);
  const clientSideThrottleTime = decoder.readInt32();
  const errorCode = decoder.readInt16();
  const sessionId = decoder.readInt32();
  const answered = decoder.readArray((topic) => ({
    topicName: topic.readString(),
    partitions: topic.readArray(readPartition),
  }));
  // kafkajs asks in another order each time, and the broker answers in that: nobody is the last for ever.
  const budget = { left: MAX_WEIGHT };
  const responses = [];
  for (const { topicName, partitions } of answered) {
    const decoded = [];
    for (const { bytes: batches, ...partition } of partitions) {
      if (partition.errorCode === OFFSET_OUT_OF_RANGE) {
        const asked = topics.flatMap((topic) => (topic.topic === topicName ? topic.partitions : []));
        const place = asked.find((one) => one.partition === partition.partition);
        if (place) guard.onOutOfRange({ topic: topicName, partition: place.partition, offset: place.fetchOffset });
      }
      const messages = batches ? await decodeBatches(batches, BigInt(partition.highWatermark), budget) : [];
      decoded.push({ ...partition, messages });
    }
    responses.push({ topicName, partitions: decoded });
  }
  return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses } as FetchAnswer;
}

function readPartition(decoder: KafkaDecoder) {
  return {
    partition: decoder.readInt32(),
    errorCode: decoder.readInt16(),
    highWatermark: String(decoder.readInt64()),
    lastStableOffset: String(decoder.readInt64()),
    lastStartOffset: String(decoder.readInt64()),
    abortedTransactions: decoder.readArray((aborted) => ({
      producerId: String(aborted.readInt64()),
      firstOffset: String(aborted.readInt64()),
    })),
    preferredReadReplica: decoder.readInt32(),
    bytes: decoder.readBytes(),
  };
}
