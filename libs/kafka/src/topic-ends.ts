import type { Admin, SeekEntry } from 'kafkajs';

/** Of one partition: the first offset that is there, and the next that will be given. */
export type PartitionEnds = SeekEntry & { readonly high: string; readonly low: string };

/**
 * Where these topics begin and end. One question after the other: what kafkajs knows of the topics is shared by all questions
 * of one client, and on several brokers the answer to an earlier one may come later and make it forget the others
 * (`Cannot destructure property 'partitions' of 'high.pop(...)'`).
 */
export async function topicEnds(
  admin: Pick<Admin, 'fetchTopicOffsets'>,
  topics: readonly string[],
): Promise<Map<string, PartitionEnds[]>> {
  const ends = new Map<string, PartitionEnds[]>();
  for (const topic of topics) ends.set(topic, await admin.fetchTopicOffsets(topic));
  return ends;
}
