import { consumerOf } from '@cartwheel/contracts';
import { type Locks, lockSubjects } from '@cartwheel/inbox';
import { DatabaseUnavailable, type Queryable } from '@cartwheel/postgres';
import type { ConsumerDescription } from '@cartwheel/service';

/**
 * Prevents: a read model that is half old and half new, or that counts a fact in neither or both, when it is built again.
 * How: a generation is a consumer, its ids, and a partition of the projection's table, whole by itself. A rebuild is one
 *   more generation beside the live one; the switch is one UPDATE of who is live. Nothing is handed over.
 * Promises: 1. Readers see one generation, the live one. 2. What a generation has applied is what its consumer has claimed,
 *   in the same transaction. 3. Nothing is written to a generation after its retirement has committed.
 * Costs: while both are there, each fact is applied twice. Two small statements per chunk.
 * Not here: when to build, switch and drop (tools/rebuild).
 * Proof: generations.int.spec.ts, rebuild.fault.spec.ts
 */
export const projections = {
  sales: { group: 'analytics.sales', table: 'sales' },
  funnel: { group: 'analytics.funnel', table: 'funnel_orders' },
  'top-products': { group: 'analytics.top-products', table: 'product_lines' },
  completion: { group: 'analytics.completion', table: 'completion_times' },
} as const;

export type Projection = keyof typeof projections;

/** The live generation of a projection, for the WHERE of whoever reads it. */
export function live(projection: Projection): string {
  return `(SELECT generation FROM projection_generations WHERE projection = '${projection}' AND state = 'live')`;
}

/** A consumer for each generation that is live or being built. */
export async function consumersNow(database: Queryable): Promise<ConsumerDescription[]> {
  const rows = await database.query<{ projection: Projection; generation: number }>(
    `SELECT projection, generation FROM projection_generations WHERE state IN ('building', 'live')
     ORDER BY projection, generation`,
  );
  return rows.map(({ projection, generation }) => ({
    group: projections[projection].group,
    ...{ generation, locks: locksOf(projection, generation) },
  }));
}

/**
 * What each chunk locks: the generation, and the orders whose rows it writes. Facts of one order may come from two
 * partitions at once, when the topic got more of them.
 */
export function locksOf(projection: Projection, generation: number): Locks {
  return async (tx, facts) => {
    await holdOpen(tx, projection, generation);
    if (projection !== 'sales') await lockSubjects(tx, facts, consumerOf(projections[projection].group, generation));
  };
}

/**
 * Holds the generation as it is until this transaction ends: who retires it takes the same lock. In two statements, because
 * a snapshot is older than the wait. Sales are counters, rows that every chunk touches, so there one chunk goes at a time.
 * @throws DatabaseUnavailable when the generation has gone: the chunk is nobody's any more
 */
async function holdOpen(tx: Queryable, projection: Projection, generation: number): Promise<void> {
  const lock = projection === 'sales' ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared';
  await tx.query(`SELECT ${lock}(hashtext($1))`, [consumerOf(projections[projection].group, generation)]);
  const [open] = await tx.query(
    `SELECT 1 FROM projection_generations WHERE projection = $1 AND generation = $2 AND state IN ('building', 'live')`,
    [projection, generation],
  );
  if (!open) throw new DatabaseUnavailable(`generation ${generation} of ${projection} has gone`);
}
