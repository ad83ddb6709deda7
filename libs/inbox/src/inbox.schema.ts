import type { Schema } from '@cartwheel/postgres';
import { CreateProcessedEvents1767225610000 } from './migrations/1767225610000-create-processed-events.ts';
import { PartitionProcessedEvents1767225611000 } from './migrations/1767225611000-partition-processed-events.ts';
import { CreateBegunAttempts1767225612000 } from './migrations/1767225612000-create-begun-attempts.ts';
import { CreateTaskAttempts1767225613000 } from './migrations/1767225613000-create-task-attempts.ts';
import { TellWhyAttemptsFailed1767225614000 } from './migrations/1767225614000-tell-why-attempts-failed.ts';
import { IndexRepeatingTasks1767225615000 } from './migrations/1767225615000-index-repeating-tasks.ts';
import { AddWorkerOfAttempts1767225616000 } from './migrations/1767225616000-add-worker-of-attempts.ts';

/**
 * Ids are kept as long as the log is, for ever: an offset reset or a replay after a year doubles nothing. Whoever bounds the
 * log may drop the months of ids that it does not hold any more (tools/clean-up).
 */
export const inboxSchema: Schema = {
  name: 'inbox',
  migrations: [
    CreateProcessedEvents1767225610000,
    PartitionProcessedEvents1767225611000,
    CreateBegunAttempts1767225612000,
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
  migrations: [
    CreateTaskAttempts1767225613000,
    TellWhyAttemptsFailed1767225614000,
    IndexRepeatingTasks1767225615000,
    AddWorkerOfAttempts1767225616000,
  ],
  grants: { task_attempts: 'SELECT, INSERT, UPDATE' },
};
