import type { Evidence, FactRecord } from './evidence.ts';

/** The first record of each fact: a relay that died after the broker's answer publishes again, and readers drop repeats. */
export function firstOccurrences({ records }: Pick<Evidence, 'records'>): Map<string, FactRecord> {
  const first = new Map<string, FactRecord>();
  for (const record of records) if (!first.has(record.id)) first.set(record.id, record);
  return first;
}

/** Facts of one topic and subject belong together: in order, and numbered without a gap. */
export function placeOf({ topic, subject }: { topic: string; subject: string }): string {
  return `${topic} ${subject}`;
}

/** Which types of facts there are about each subject. */
export function typesBySubject(facts: Iterable<FactRecord>): Map<string, Set<string>> {
  const types = new Map<string, Set<string>>();
  for (const { subject, type } of facts) types.set(subject, (types.get(subject) ?? new Set()).add(type));
  return types;
}
