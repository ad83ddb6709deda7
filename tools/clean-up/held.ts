import type { Topology } from '@cartwheel/contracts';
import type { Admin } from 'kafkajs';
import { readGroups } from '../lag/read.ts';

/** The first of `topics` that still holds a record from before `instant`, as far as the records' own times say. */
export async function holdsBefore(admin: Admin, topics: readonly string[], instant: Date): Promise<string | undefined> {
  for (const topic of topics) {
    const [kept, later] = [
      await admin.fetchTopicOffsets(topic),
      // Of each partition the first record of that time or later; its end, when there is none.
      await admin.fetchTopicOffsetsByTimestamp(topic, instant.getTime()),
    ];
    const first = new Map(later.map(({ partition, offset }) => [partition, Number(offset)]));
    if (kept.some(({ partition, low }) => Number(low) < (first.get(partition) ?? Infinity))) return topic;
  }
  return undefined;
}

/** The first group of `service` that has not read what a topic held before it was truncated. */
export async function hasNotRead(admin: Admin, topology: Topology, service: string): Promise<string | undefined> {
  const own = topology.consumers.filter((consumer) => serviceOf(consumer) === service);
  const names = own.map((consumer) => topology.groupId(consumer));
  const { partitions } = await readGroups(admin, topology);
  const behind = partitions.find(
    ({ group, low, committed }) =>
      names.some((name) => group === name || group.startsWith(`${name}.r`)) && Math.max(committed, 0) < low,
  );
  return behind?.group;
}

/** `analytics.facts` belongs to `analytics`. */
export function serviceOf(consumer: string): string {
  return consumer.split('.')[0]!;
}
