import { consumerOf, groupOf } from '@cartwheel/contracts';
import { live, type Projection, projections } from '../../../apps/analytics/src/generations.ts';
import type { ProjectionRows } from '../rows.ts';
import type { Read } from './database.ts';

/** Which generation of each group of analytics is live. */
export async function readLive(read: Read): Promise<Map<string, number>> {
  const rows = await read<{ projection: Projection; generation: number }>(
    `SELECT projection, generation FROM projection_generations WHERE state = 'live'`,
  );
  return new Map(rows.map(({ projection, generation }) => [projections[projection].group, generation]));
}

/** Rows by group: a live generation's under the group's name, and without those of one that is being built or dropped. */
export function byGroup<Row extends { consumer: string }>(
  rows: readonly Row[],
  live: ReadonlyMap<string, number>,
): Row[] {
  return rows.flatMap((row) => {
    const group = groupOf(row.consumer);
    const generation = live.get(group);
    if (generation === undefined) return [row];
    return row.consumer === consumerOf(group, generation) ? [{ ...row, consumer: group }] : [];
  });
}

/** What readers are shown of each projection. Instants as ISO 8601 in UTC. */
export async function readProjections(read: Read): Promise<ProjectionRows> {
  const rows = async (name: Projection) => {
    const sql = `SELECT to_jsonb(t) - '{generation,completed_at}'::text[] AS row FROM ${projections[name].table} AS t WHERE generation = ${live(name)}`;
    const found = await read<{ row: Record<string, unknown> }>(sql);
    return found.map(({ row }) => (row['placed_at'] ? { ...row, placed_at: iso(row['placed_at']) } : row));
  };
  return {
    sales: await rows('sales'),
    funnel: await rows('funnel'),
    'top-products': await rows('top-products'),
    completion: await rows('completion'),
  };
}

function iso(instant: unknown): string {
  return new Date(String(instant)).toISOString();
}
