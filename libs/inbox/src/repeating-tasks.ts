import { retryRungs } from '@cartwheel/messages';
import type { Queryable } from '@cartwheel/postgres';

/** Who has failed so often waits on the last rung. The index of task_attempts has the same number. */
const OFTEN = retryRungs.length;

/**
 * The tasks that have failed four times or more and will be tried again, by type; none of a type is no row. One whose time has
 * come counts for two more minutes: it is being tried, or waits for a worker.
 */
export async function repeatingTasks(db: Queryable): Promise<{ type: string; tasks: number }[]> {
  return db.query(
    `SELECT type, count(DISTINCT task_id)::int AS tasks FROM task_attempts AS failed
     WHERE outcome = 'retry' AND attempt >= ${OFTEN} AND next_attempt_at > now() - interval '2 minutes'
       AND NOT EXISTS (
         SELECT FROM task_attempts AS later
         WHERE later.task_id = failed.task_id AND later.attempt > failed.attempt AND later.outcome <> 'retry')
     GROUP BY type ORDER BY type`,
  );
}
