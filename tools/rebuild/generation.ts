import { consumerOf } from '@cartwheel/contracts';
import type { Queryable } from '@cartwheel/postgres';
import { type Projection, projections } from '../../apps/analytics/src/generations.ts';

/** Each of these is one transaction, and may be repeated: a run that dies between two is taken up by the next. */

export type Generations = { readonly live: number; readonly building?: number; readonly retired: readonly number[] };

export async function generationsOf(db: Queryable, projection: Projection): Promise<Generations> {
  const rows = await db.query<{ generation: number; state: string }>(
    'SELECT generation, state FROM projection_generations WHERE projection = $1 ORDER BY generation',
    [projection],
  );
  const those = (wanted: string) => rows.filter(({ state }) => state === wanted).map(({ generation }) => generation);
  const [building] = those('building');
  return { live: those('live')[0]!, retired: those('retired'), ...(building === undefined ? {} : { building }) };
}

/** Makes the partition of one more generation. The service sees it and begins to consume. Numbers are never given twice. */
export function begin(db: Queryable, projection: Projection): Promise<number> {
  const { table } = projections[projection];
  return inTransaction(db, async () => {
    const [row] = await db.query<{ generation: number }>(
      `INSERT INTO projection_generations (projection, generation, state)
       SELECT $1, max(generation) + 1, 'building' FROM projection_generations WHERE projection = $1 RETURNING generation`,
      [projection],
    );
    const { generation } = row!;
    // Made first and then attached: CREATE TABLE … PARTITION OF would lock out readers and writers.
    await db.query(`CREATE TABLE ${table}_r${generation} (LIKE ${table} INCLUDING ALL)`);
    await db.query(`ALTER TABLE ${table} ATTACH PARTITION ${table}_r${generation} FOR VALUES IN (${generation})`);
    return generation;
  });
}

/** Readers see `next` from here on. @throws when somebody else has switched meanwhile: then nothing has changed */
export function switchTo(db: Queryable, projection: Projection, { from, next }: { from: number; next: number }) {
  return inTransaction(db, async () => {
    await become(db, projection, { generation: from, was: 'live', is: 'retired' });
    await become(db, projection, { generation: next, was: 'building', is: 'live' });
  });
}

/** A generation that was built to compare, and nothing else. */
export function giveUp(db: Queryable, projection: Projection, generation: number) {
  return inTransaction(db, () => become(db, projection, { generation, was: 'building', is: 'retired' }));
}

/** Removes all that a retired generation had here. Its group must be gone from Kafka: its offsets would outlive its ids. */
export function drop(db: Queryable, projection: Projection, generation: number): Promise<void> {
  const { table, group } = projections[projection];
  const consumer = consumerOf(group, generation);
  return inTransaction(db, async () => {
    await db.query(`DROP TABLE IF EXISTS ${table}_r${generation}`);
    await db.query('DELETE FROM parked_messages WHERE consumer = $1', [consumer]);
    await db.query('DELETE FROM processed_events WHERE consumer = $1', [consumer]);
    await become(db, projection, { generation, was: 'retired', is: 'dropped' });
  });
}

async function become(
  db: Queryable,
  projection: Projection,
  { generation, was, is }: { generation: number; was: string; is: string },
): Promise<void> {
  // Chunks hold this lock, shared, until they commit (holdOpen): those under way end first, later ones see the new state.
  const consumer = consumerOf(projections[projection].group, generation);
  await db.query('SELECT pg_advisory_xact_lock(hashtext($1))', [consumer]);
  const changed = await db.query(
    'UPDATE projection_generations SET state = $4 WHERE projection = $1 AND generation = $2 AND state = $3 RETURNING 1',
    [projection, generation, was, is],
  );
  if (changed.length !== 1) throw new Error(`generation ${generation} of ${projection} is not ${was} any more`);
}

async function inTransaction<T>(db: Queryable, work: () => Promise<T>): Promise<T> {
  await db.query('BEGIN');
  try {
    const result = await work();
    await db.query('COMMIT');
    return result;
  } catch (error) {
    await db.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
