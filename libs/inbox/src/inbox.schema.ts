import type { Schema } from '@cartwheel/postgres';

/** Ids are kept as long as the log is (for ever): an offset reset or a replay after a year doubles nothing. */
export const inboxSchema: Schema = {
  name: 'inbox',
  versions: [
    `
    CREATE TABLE processed_events (
      consumer text, event_id uuid, processed_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT processed_events_pk PRIMARY KEY (consumer, event_id)
    );`,
  ],
  grants: { processed_events: 'SELECT, INSERT' },
};

/** What each attempt at a task was and how it ended; a row without an end is an attempt that died. */
export const taskAttemptsSchema: Schema = {
  name: 'task-attempts',
  versions: [
    `
    CREATE TABLE task_attempts (
      task_id uuid NOT NULL, type text NOT NULL, subject text NOT NULL, attempt int NOT NULL,
      started_at timestamptz NOT NULL DEFAULT clock_timestamp(), ended_at timestamptz, outcome text,
      CONSTRAINT task_attempts_pk PRIMARY KEY (task_id, attempt)
    );
    CREATE INDEX task_attempts_subject_idx ON task_attempts (subject);`,
    `
    -- For whoever asks why an order waits: which fact asked for the task, what the attempt failed at, and when the next one
    -- is due. The fact is NULL in rows from before.
    ALTER TABLE task_attempts ADD COLUMN causation_id text, ADD COLUMN error_class text, ADD COLUMN error_message text,
      ADD COLUMN next_attempt_at timestamptz;`,
    `
    -- For whoever counts the tasks that keep failing (repeating-tasks.ts).
    CREATE INDEX task_attempts_repeating_idx ON task_attempts (next_attempt_at) WHERE outcome = 'retry' AND attempt >= 4;`,
  ],
  grants: { task_attempts: 'SELECT, INSERT, UPDATE' },
};
