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
    `
    -- What was begun and has not ended yet, or never will: begun-attempts.ts.
    CREATE TABLE begun_attempts (
      consumer text, place text, what text, begun int NOT NULL DEFAULT 1, begun_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT begun_attempts_pk PRIMARY KEY (consumer, place, what)
    );
    -- What the instances of a consumer have handlers for, and when they last said so: handled-types.ts.
    CREATE TABLE handled_types (
      consumer text, type text, version int, seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      CONSTRAINT handled_types_pk PRIMARY KEY (consumer, type, version)
    );`,
  ],
  grants: {
    processed_events: 'SELECT, INSERT',
    begun_attempts: 'SELECT, INSERT, UPDATE, DELETE',
    handled_types: 'SELECT, INSERT, UPDATE',
  },
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
    `
    -- Which process began the attempt: one without an end that another process began is an attempt that died.
    ALTER TABLE task_attempts ADD COLUMN worker uuid;`,
  ],
  grants: { task_attempts: 'SELECT, INSERT, UPDATE' },
};
