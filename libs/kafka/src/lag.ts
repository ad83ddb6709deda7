import type { Admin } from 'kafkajs';
import { topicEnds } from './topic-ends.ts';

export type Group = { readonly groupId: string; readonly topics: readonly string[] };

/** Where a group stands in one partition, and where the log ends. Offsets of the next record in both cases. */
export type Position = {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly next: number;
  readonly end: number;
};

/** Asks the brokers where these groups stand. One question per topic and one per group, some 15 ms each. */
export async function positionsOf(admin: Admin, groups: readonly Group[]): Promise<Position[]> {
  const topics = [...new Set(groups.flatMap((group) => group.topics))];
  const ends = await topicEnds(admin, topics);
  const ofGroups = groups.map(async ({ groupId, topics: read }) => {
    const committed = await admin.fetchOffsets({ groupId, topics: [...read] });
    return committed.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }): Position => {
        const { high, low } = ends.get(topic)!.find((end) => end.partition === partition)!;
        // -1: the group has committed nothing yet, and will begin at the beginning.
        const next = Math.max(Number(offset), Number(low));
        return { groupId, topic, partition, next, end: Math.max(Number(high), next) };
      }),
    );
  });
  return (await Promise.all(ofGroups)).flat();
}

type Mark = { readonly offset: number; readonly at: number };

/** Enough for hours of one mark every five seconds; beyond it every second one goes. */
const MAX_MARKS = 4_096;

/**
 * For how long the oldest record that is not applied yet has been in one partition. Kafka can say how many records a group
 * is behind, but not since when: that takes the record itself. So what passes by is remembered, that a record was there at
 * a certain time. Of the first record of a chunk that is the broker's own time; of the end of the log the time at which
 * somebody looked, which is late by as long as nobody had looked.
 */
export class LagClock {
  /** By offset, and so by time. */
  #marks: Mark[] = [];

  /** The group begins with the record at `offset`, which the broker took at `at` (ms). */
  begin(offset: number, at: number): void {
    this.#marks = [{ offset, at }, ...this.#marks.filter((mark) => mark.offset > offset)];
  }

  /** In s, for a group whose next record is `next`, when the log ends before `end`. 0 when nothing is behind. */
  age({ next, end }: Pick<Position, 'next' | 'end'>, now: number): number {
    this.#marks = this.#marks.filter(({ offset }) => offset >= next);
    if (next >= end) return 0;
    if ((this.#marks.at(-1)?.offset ?? -1) < end - 1) this.#marks.push({ offset: end - 1, at: now });
    if (this.#marks.length > MAX_MARKS) this.#marks = this.#marks.filter((_, place) => place % 2 === 0);
    return Math.max(0, now - this.#marks[0]!.at) / 1_000;
  }
}
