import type { Envelope } from '@cartwheel/messages';
import { autocommit, type DataSource } from '@cartwheel/postgres';
import { describeError, newId } from '@cartwheel/primitives';
import { ProcessDied } from './begun-attempts.ts';
import { blameDatabase } from './claim.ts';

/** This process, in the attempts that it begins. */
const WORKER = newId();

/** Which attempt this is, and how many processes died over the task before; undefined when its outcome is recorded already. */
export async function beginAttempt(
  dataSource: DataSource,
  consumer: string,
  task: Envelope,
  worker = WORKER,
): Promise<{ attempt: number; deaths: number } | undefined> {
  const [begun] = await blameDatabase(
    autocommit(dataSource).query<{ attempt: number | null; recorded: boolean; deaths: number }>(
      `WITH recorded AS (SELECT FROM processed_events WHERE consumer = $4 AND event_id = $1),
         begun AS (
           INSERT INTO task_attempts (task_id, type, subject, causation_id, attempt, worker)
           SELECT $1, $2, $3, $5, coalesce(max(attempt), 0) + 1, $6 FROM task_attempts WHERE task_id = $1
           HAVING NOT EXISTS (SELECT FROM recorded)
           ON CONFLICT (task_id, attempt) DO NOTHING RETURNING attempt)
       SELECT (SELECT attempt FROM begun) AS attempt, EXISTS (SELECT FROM recorded) AS recorded,
         -- One each: a process that lives may have it in hand more than once, when its channel was lost.
         (SELECT count(DISTINCT worker)::int FROM task_attempts
          WHERE task_id = $1 AND ended_at IS NULL AND worker <> $6) AS deaths`,
      [task.id, task.type, task.subject, consumer, task.causationId, worker],
    ),
  );
  const { attempt, recorded, deaths } = begun!;
  if (recorded) return undefined;
  // Another delivery of the task has taken the number in the same moment. The next statement sees it.
  return attempt === null ? beginAttempt(dataSource, consumer, task, worker) : { attempt, deaths };
}

/** Writes down that the attempts before this one died: a replay begins to count from nothing. */
export async function endDeadAttempts(dataSource: DataSource, task: Envelope, attempt: number): Promise<void> {
  const { errorClass, message } = describeError(new ProcessDied(1));
  await blameDatabase(
    autocommit(dataSource).query(
      `UPDATE task_attempts SET ended_at = clock_timestamp(), outcome = 'retry', error_class = $3, error_message = $4
       WHERE task_id = $1 AND attempt < $2 AND ended_at IS NULL`,
      [task.id, attempt, errorClass, message],
    ),
  );
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
