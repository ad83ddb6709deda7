/**
 * The name under which a generation of a projection consumes: its group on Kafka, and its ids in `processed_events`. The
 * first has the group's own name, a rebuild `<group>.r<n>` (docs/decisions/0040).
 */
export function consumerOf(group: string, generation = 1): string {
  return generation === 1 ? group : `${group}.r${generation}`;
}

/** `analytics.sales.r2` → `analytics.sales`. */
export function groupOf(consumer: string): string {
  return consumer.replace(/\.r\d+$/, '');
}

/** `analytics.sales.r2` → 2; without a number 1. */
export function generationOf(consumer: string): number {
  return Number(/\.r(\d+)$/.exec(consumer)?.[1] ?? 1);
}
