import { facts } from '@cartwheel/contracts';
import type { Evidence, FactRecord, ParkedRow } from './evidence.ts';

type Known = Pick<Evidence, 'parked' | 'records'>;

/**
 * Facts that a service set aside though it had applied them: it announced something because of them. That is how a lost
 * dedup shows where a constraint of the database refuses the second application. Once a message has been replayed its row is
 * gone, and a discarded one was never applied.
 */
export function appliedAndSetAside({ parked, records }: Known): { row: ParkedRow; effect: FactRecord }[] {
  const setAside = Map.groupBy(
    parked.filter(({ source }) => source === 'kafka'),
    ({ id }) => id,
  );
  const seen = new Set<string>();
  return records.flatMap((effect) => {
    if (seen.has(effect.id)) return [];
    seen.add(effect.id);
    const rows = setAside.get(effect.causationId) ?? [];
    return rows.filter(({ consumer }) => facts[effect.type].source === consumer).map((row) => ({ row, effect }));
  });
}
