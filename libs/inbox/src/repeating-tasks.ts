import type { Queryable } from '@cartwheel/postgres';

/** Three attempts are over within a minute; whoever waits for a fifth waits on the last rung. */
const OFTEN = 4;

/**
 * The tasks that have failed four times or more and will be tried again, by type; none of a type is no row. One whose time has
 * come counts for another minute: it is being tried, or waits for a worker.
 */
export async function repeatingTasks(db: Queryable): Promise<{ type: string; tasks: number }[]> {
  return db.query(
    `SELECT type, count(DISTINCT task_id)::int AS tasks FROM task_attempts
     WHERE outcome = 'retry' AND attempt >= ${OFTEN} AND next_attempt_at > now() - interval '1 minute'
     GROUP BY type ORDER BY type`,
  );
}
