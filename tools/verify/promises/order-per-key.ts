import type { Evidence, FactRecord } from '../evidence.ts';
import { firstOccurrences, placeOf } from '../log.ts';
import { judge, type Verdict } from '../verdict.ts';

/** 3. Messages of one key are published and applied in commit order. */
export function orderPerKey(evidence: Evidence): Verdict {
  const keys = Map.groupBy(firstOccurrences(evidence).values(), placeOf);
  const scattered = [...Map.groupBy(evidence.records, placeOf)]
    .map(([place, records]) => [place, new Set(records.map(({ partition }) => partition))] as const)
    .filter(([, partitions]) => partitions.size > 1)
    .map(([place, partitions]) => `${place} lies on partitions ${[...partitions].join(', ')}`);
  const wrong = [
    ...scattered,
    ...[...keys.values()].flatMap((facts) => [...published(facts), ...applied(facts, evidence.processed)]),
  ];
  return judge(3, 'order kept per key', `${keys.size} keys, published and applied`, { wrong });
}

/** The numbers were given out under the lock of the row that changed, so they are the order of the commits. */
function published(facts: readonly FactRecord[]): string[] {
  return descents(
    [...facts].sort((a, b) => a.offset - b.offset),
    ({ sequence = 0 }) => sequence,
  ).map(([before, after]) => `${placeOf(after)}: number ${after.sequence} was published after ${before.sequence}`);
}

/** A transaction that applies a fact begins after the one before it has ended: its `now()` is later. */
function applied(facts: readonly FactRecord[], processed: Evidence['processed']): string[] {
  const bySequence = [...facts].sort((a, b) => (a.sequence ?? 0) - (b.sequence ?? 0));
  return [...processed].flatMap(([consumer, times]) =>
    descents(
      bySequence.filter(({ id }) => times.has(id)),
      ({ id }) => times.get(id)!,
    ).map(([before, after]) => `${consumer} applied ${after.type} ${after.id} before ${before.type} ${before.id}`),
  );
}

function descents<T>(items: readonly T[], value: (item: T) => number): [T, T][] {
  return items
    .slice(1)
    .flatMap((item, index): [T, T][] => (value(item) < value(items[index]!) ? [[items[index]!, item]] : []));
}
