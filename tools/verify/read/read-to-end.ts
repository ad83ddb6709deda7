import { guarded, topicEnds } from '@cartwheel/kafka';
import type { KafkaMessage } from 'kafkajs';
import { randomUUID } from 'node:crypto';
import { Friendly } from '../../stack/friendly.ts';
import { answering, type Connections } from '../connections.ts';

const STALLED_MS = 20_000;

export type OnRecord = (topic: string, partition: number, message: KafkaMessage) => void;

/** kafkajs reads only in a group: this one has a random name, commits nothing, and is deleted afterwards. */
export async function readToEnd(shop: Connections, topics: readonly string[], onRecord: OnRecord): Promise<void> {
  const brokers = shop.target.kafkaBrokers.join(', ');
  const ends = await answering('Kafka', brokers, endsOf(shop, topics));
  if (ends.size === 0) return;
  const groupId = `${shop.target.namespace}verify-${randomUUID()}`;
  const consumer = shop.kafka.consumer({
    groupId,
    maxWaitTimeInMs: 100,
    allowAutoTopicCreation: false,
    readUncommitted: true,
    retry: { retries: 3 },
  });
  const { promise: finished, resolve: finish, reject: fail } = Promise.withResolvers<void>();
  consumer.on(consumer.events.CRASH, ({ payload }) => fail(payload.error));
  const stalled = setTimeout(
    () => fail(new Friendly('Kafka stopped handing over records while they were read.')),
    STALLED_MS,
  );
  const reached = (topic: string, partition: number, lastOffset: string) => {
    stalled.refresh();
    const place = `${topic}/${partition}`;
    if (Number(lastOffset) + 1 >= (ends.get(place)?.end ?? 0)) ends.delete(place);
    if (ends.size === 0) finish();
  };
  // A partition may end with the mark of a stranger's transaction, which is no record.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) =>
    reached(payload.topic, payload.partition, payload.lastOffset),
  );
  const reading = async () => {
    await consumer.connect();
    await consumer.subscribe({
      topics: [...new Set([...ends.values()].map(({ topic }) => topic))],
      fromBeginning: true,
    });
    const run = () =>
      consumer.run({
        autoCommit: false,
        eachBatch: ({ batch: { topic, partition, messages } }) => {
          const end = ends.get(`${topic}/${partition}`)?.end ?? 0;
          for (const message of messages) if (Number(message.offset) < end) onRecord(topic, partition, message);
          return Promise.resolve();
        },
      });
    // A batch that cannot be read stands there as one record, and is no end of the reading.
    await guarded({ onOutOfRange: () => undefined }, run);
    await finished;
  };
  try {
    await answering('Kafka', brokers, reading());
  } finally {
    clearTimeout(stalled);
    await consumer.disconnect().catch(() => undefined);
    await shop.admin.deleteGroups([groupId]).catch(() => undefined);
  }
}

/** Where the partitions that hold anything end. */
async function endsOf(
  { admin }: Connections,
  topics: readonly string[],
): Promise<Map<string, { topic: string; end: number }>> {
  const all = await topicEnds(admin, topics);
  return new Map(
    [...all].flatMap(([topic, partitions]) =>
      partitions
        .filter(({ low, high }) => Number(high) > Number(low))
        .map(({ partition, high }) => [`${topic}/${partition}`, { topic, end: Number(high) }] as const),
    ),
  );
}
