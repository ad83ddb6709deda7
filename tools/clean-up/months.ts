import type { Queryable } from '@cartwheel/postgres';

/** A month of ids in `processed_events` of one database. */
export type Month = {
  /** `2026_01` */
  readonly name: string;
  /** The ids from `low` and below `high`. */
  readonly low: string;
  readonly high: string;
  readonly endsAt: Date;
  readonly ids: number;
  /** When the last of them was taken; of an empty month, when it ended. */
  readonly lastTakenAt: Date;
};

/** The months that have ended, the oldest first. What stands in the default partition is in none of them. */
export async function endedMonths(db: Queryable): Promise<Month[]> {
  const names = await db.query<{ name: string; ends_at: Date; low: string; high: string }>(
    `SELECT name, ends_at, first_id_of(begins_at) AS low, first_id_of(ends_at) AS high
     FROM (SELECT right(relname, 7) AS name, to_date(right(relname, 7), 'YYYY_MM')::timestamp AT TIME ZONE 'UTC' AS begins_at,
             (to_date(right(relname, 7), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' AS ends_at
           FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
           WHERE inhparent = 'processed_events'::regclass AND relname ~ '^processed_events_\\d{4}_\\d{2}$') AS months
     WHERE ends_at <= now() ORDER BY name`,
  );
  const months: Month[] = [];
  for (const { name, ends_at: endsAt, low, high } of names) {
    const [row] = await db.query<{ ids: number; last: Date | null }>(
      `SELECT count(*)::float8 AS ids, max(processed_at) AS last FROM processed_events_${name}`,
    );
    months.push({ name, low, high, endsAt, ids: row!.ids, lastTakenAt: row!.last ?? endsAt });
  }
  return months;
}

/** Whether a message with an id of this month is parked or dead here: it may be tried again. */
export async function isSetAside(db: Queryable, { low, high }: Month): Promise<boolean> {
  const rows = await db.query('SELECT 1 FROM parked_messages WHERE event_id >= $1 AND event_id < $2 LIMIT 1', [
    low,
    high,
  ]);
  return rows.length > 0;
}

/**
 * Drops a month in one transaction, and nothing that is no UUIDv7: such an id says nothing about its age, and lies here by
 * chance. It gives up after five seconds rather than make every consumer wait behind it.
 */
export async function dropMonth(db: Queryable, { name }: Month): Promise<void> {
  await db.query('BEGIN');
  try {
    await db.query(`SET LOCAL lock_timeout = '5s'`);
    await db.query(`ALTER TABLE processed_events DETACH PARTITION processed_events_${name}`);
    await db.query(
      `INSERT INTO processed_events SELECT * FROM processed_events_${name} WHERE substring(event_id::text FROM 15 FOR 1) <> '7'`,
    );
    await db.query(`DROP TABLE processed_events_${name}`);
    await db.query('COMMIT');
  } catch (error) {
    await db.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

const BATCH = 10_000;

/** Deletes, in batches, the attempts at tasks of this month that have ended. Returns how many. */
export async function deleteAttempts(db: Queryable, { low, high }: Month): Promise<number> {
  const [table] = await db.query<{ there: boolean }>(`SELECT to_regclass('task_attempts') IS NOT NULL AS there`);
  if (!table!.there) return 0;
  for (let deleted = 0; ;) {
    const batch = await db.query(
      `DELETE FROM task_attempts WHERE (task_id, attempt) IN (
         SELECT task_id, attempt FROM task_attempts AS a WHERE task_id >= $1 AND task_id < $2 AND EXISTS (
           SELECT FROM task_attempts AS e WHERE e.task_id = a.task_id AND e.outcome IN ('done', 'dead'))
         ORDER BY task_id, attempt LIMIT ${BATCH})
       RETURNING 1`,
      [low, high],
    );
    deleted += batch.length;
    if (batch.length < BATCH) return deleted;
  }
}
