import { topicEnds } from '@cartwheel/kafka';
import { delay } from '@cartwheel/primitives';
import type { Admin } from 'kafkajs';
import { Friendly } from '../stack/friendly.ts';

const NON_EMPTY_GROUP = 68;
const GROUP_ID_NOT_FOUND = 69;
const EMPTY_WITHIN_MS = 60_000;

export type End = { readonly topic: string; readonly partition: number; readonly low: number; readonly high: number };

/** Where the topics end now. */
export async function endsOf(admin: Admin, topics: readonly string[]): Promise<End[]> {
  return [...(await topicEnds(admin, topics))].flatMap(([topic, ends]) =>
    ends.map(({ partition, low, high }): End => ({ topic, partition, low: Number(low), high: Number(high) })),
  );
}

/** How many of the records before `ends` a group has done. */
export async function positionOf(admin: Admin, groupId: string, ends: readonly End[]): Promise<number> {
  const topics = [...new Set(ends.map(({ topic }) => topic))];
  const committed = await admin.fetchOffsets({ groupId, topics });
  const offsets = new Map(
    committed.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => [`${topic} ${partition}`, Number(offset)] as const),
    ),
  );
  // -1: nothing committed yet.
  const done = ({ topic, partition, low, high }: End) =>
    Math.max(0, Math.min(offsets.get(`${topic} ${partition}`) ?? -1, high) - low);
  return ends.reduce((sum, end) => sum + done(end), 0);
}

export async function hasMembers(admin: Admin, groupId: string): Promise<boolean> {
  const { groups } = await admin.describeGroups([groupId]);
  return (groups[0]?.members.length ?? 0) > 0;
}

/** Removes a group with its offsets, as soon as nobody is in it. @throws Friendly when somebody stays */
export async function deleteGroup(admin: Admin, groupId: string, signal?: AbortSignal): Promise<void> {
  for (const deadline = Date.now() + EMPTY_WITHIN_MS; ; await delay(250, signal)) {
    signal?.throwIfAborted();
    try {
      await admin.deleteGroups([groupId]);
      return;
    } catch (error) {
      const code = (error as { groups?: { errorCode?: number }[] }).groups?.[0]?.errorCode;
      if (code === GROUP_ID_NOT_FOUND) return;
      if (code !== NON_EMPTY_GROUP) throw error;
      if (Date.now() > deadline) {
        throw new Friendly(`Somebody still consumes as ${groupId}. Nothing is lost: run the same command again later.`);
      }
    }
  }
}
