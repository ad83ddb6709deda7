import type { Topology } from '@cartwheel/contracts';
import { topicEnds } from '@cartwheel/kafka';
import { connect } from 'amqplib';
import type { Admin } from 'kafkajs';
import { Friendly } from '../stack/friendly.ts';
import { answering, hostOf } from '../verify/connections.ts';
import type { Sample } from './measure.ts';

/** A queue, with the messages that wait in it. What its workers have in hand is not counted by AMQP. */
export type Queue = { readonly name: string; readonly ready: number; readonly workers: number };

/** How far every group of the shop is, also those of rebuilds that go on. */
export async function readGroups(admin: Admin, topology: Topology): Promise<Sample> {
  const existing = (await admin.listGroups()).groups.map(({ groupId }) => groupId);
  const groups = topology.consumers.flatMap((consumer) => {
    const group = topology.groupId(consumer);
    const rebuilds = existing.filter((name) => name.startsWith(`${group}.r`));
    // A rebuild removes the group that it replaces: only who has no group at all has yet to read everything.
    const own = existing.includes(group) || rebuilds.length === 0 ? [group] : [];
    return [...own, ...rebuilds].map((name) => ({ name, topics: topology.topicsOf(consumer) }));
  });
  const topics = [...new Set(groups.flatMap((group) => group.topics))];
  // Once the client knows all topics, questions side by side cannot make it forget one.
  await topicEnds(admin, topics);
  // Committed first: a record that comes in between is lag, and not the other way round.
  const committed = await Promise.all(
    groups.map(async ({ name, topics }) => ({ name, of: await admin.fetchOffsets({ groupId: name, topics }) })),
  );
  const ends = await topicEnds(admin, topics);
  const partitions = committed.flatMap(({ name, of }) =>
    of.flatMap(({ topic, partitions: own }) =>
      ends.get(topic)!.map(({ partition, low, high }) => {
        const offset = own.find((one) => one.partition === partition)?.offset ?? '-1';
        return { group: name, topic, partition, low: Number(low), high: Number(high), committed: Number(offset) };
      }),
    ),
  );
  const byPlace = partitions.toSorted((a, b) => a.partition - b.partition);
  return { atMs: Date.now(), partitions: byPlace };
}

/** All queues, asked for passively: nothing is declared or taken. @throws Friendly when RabbitMQ does not answer */
export async function readQueues(url: string, topology: Topology): Promise<Queue[]> {
  const where = hostOf(url);
  const properties = { timeout: 3_000, clientProperties: { connection_name: 'lag' } };
  const connection = await answering('RabbitMQ', where, connect(url, properties));
  connection.on('error', () => undefined);
  try {
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    const queues: Queue[] = [];
    for (const { name } of topology.queues) {
      const { messageCount, consumerCount } = await answering(`The queue ${name}`, where, channel.checkQueue(name));
      queues.push({ name, ready: messageCount, workers: consumerCount });
    }
    return queues;
  } finally {
    await connection.close().catch(() => undefined);
  }
}

/** What could not be read, as a line of the table. */
export function unread(error: unknown): string {
  return error instanceof Friendly ? error.message : 'RabbitMQ cannot be read.';
}
