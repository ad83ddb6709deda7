import type { Envelope } from '@cartwheel/contracts';
import type { Pool } from '@cartwheel/postgres';
import { describeError } from '@cartwheel/primitives';
import { blameDatabase } from './claim.ts';

/** Which attempt this is; undefined when the task's outcome is recorded already. */
export async function beginAttempt(pool: Pool, consumer: string, task: Envelope): Promise<number | undefined> {
  const asked = await blameDatabase(
    pool.query<{ attempt: number | null; recorded: boolean }>(
      `WITH recorded AS (SELECT FROM processed_events WHERE consumer = $4 AND event_id = $1),
         begun AS (
           INSERT INTO task_attempts (task_id, type, subject, causation_id, attempt)
           SELECT $1, $2, $3, $5, coalesce(max(attempt), 0) + 1 FROM task_attempts WHERE task_id = $1
           HAVING NOT EXISTS (SELECT FROM recorded)
           ON CONFLICT (task_id, attempt) DO NOTHING RETURNING attempt)
       SELECT (SELECT attempt FROM begun) AS attempt, EXISTS (SELECT FROM recorded) AS recorded`,
      [task.id, task.type, task.subject, consumer, task.causationId],
    ),
  );
  const { attempt, recorded } = asked.rows[0]!;
  // Neither: another delivery of the task has taken the number in the same moment. The next statement sees it.
  return attempt === null && !recorded ? beginAttempt(pool, consumer, task) : (attempt ?? undefined);
}

/** Writes down how an attempt ended; one that failed with its reason, and with how long its rung of the ladder lasts. */
export function endAttempt(
  db: { query(sql: string, parameters: unknown[]): Promise<unknown> },
  task: Envelope,
  attempt: number,
  outcome: 'done' | 'duplicate' | 'retry' | 'dead',
  failure?: { readonly error: unknown; readonly delayMs?: number },
): Promise<unknown> {
  const { errorClass, message } = failure ? describeError(failure.error) : {};
  return db.query(
    `UPDATE task_attempts SET ended_at = clock_timestamp(), outcome = $3, error_class = $4, error_message = $5,
       next_attempt_at = clock_timestamp() + $6::float8 * interval '1 ms'
     WHERE task_id = $1 AND attempt = $2`,
    [task.id, attempt, outcome, errorClass ?? null, message ?? null, failure?.delayMs ?? null],
  );
}
