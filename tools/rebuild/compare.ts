import { consumerOf } from '@cartwheel/contracts';
import type { Queryable } from '@cartwheel/postgres';
import { type Projection, projections } from '../../apps/analytics/src/generations.ts';

export type Comparison = {
  /** Facts that only the live one has applied, and only the rebuilt one: both 0 is the same position. */
  readonly behind: number;
  readonly ahead: number;
  /** Facts that each has set aside, parked or dead. */
  readonly setAside: { readonly live: number; readonly rebuilt: number };
  /** Rows that only one of them has. */
  readonly rows: readonly { readonly of: 'live' | 'rebuilt'; readonly row: string }[];
};

const FACTS = `
  WITH live AS (SELECT event_id FROM processed_events WHERE consumer = $1),
       rebuilt AS (SELECT event_id FROM processed_events WHERE consumer = $2)
  SELECT (SELECT count(*) FROM (SELECT event_id FROM live EXCEPT SELECT event_id FROM rebuilt) AS d)::int AS behind,
         (SELECT count(*) FROM (SELECT event_id FROM rebuilt EXCEPT SELECT event_id FROM live) AS d)::int AS ahead,
         (SELECT count(*) FROM parked_messages WHERE consumer = $1)::int AS live_aside,
         (SELECT count(*) FROM parked_messages WHERE consumer = $2)::int AS rebuilt_aside`;

const rowsOf = (table: string) => `
  WITH live AS (SELECT (to_jsonb(t) - 'generation')::text AS row FROM ${table} AS t WHERE generation = $1),
       rebuilt AS (SELECT (to_jsonb(t) - 'generation')::text AS row FROM ${table} AS t WHERE generation = $2)
  (SELECT 'live' AS of, row FROM live EXCEPT ALL SELECT 'live', row FROM rebuilt)
  UNION ALL (SELECT 'rebuilt', row FROM rebuilt EXCEPT ALL SELECT 'rebuilt', row FROM live) ORDER BY row, of`;

/**
 * Both generations at one instant, while both go on. Ids and rows are of the same transactions, so one snapshot of the
 * database holds each at exactly the position that its ids say.
 */
export async function compare(
  db: Queryable,
  projection: Projection,
  { live, rebuilt }: { live: number; rebuilt: number },
): Promise<Comparison> {
  const { group, table } = projections[projection];
  await db.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    type Facts = { behind: number; ahead: number; live_aside: number; rebuilt_aside: number };
    const [facts] = await db.query<Facts>(FACTS, [consumerOf(group, live), consumerOf(group, rebuilt)]);
    const { behind, ahead, live_aside, rebuilt_aside } = facts!;
    const rows = await db.query<Comparison['rows'][number]>(rowsOf(table), [live, rebuilt]);
    return { behind, ahead, setAside: { live: live_aside, rebuilt: rebuilt_aside }, rows };
  } finally {
    await db.query('ROLLBACK');
  }
}
