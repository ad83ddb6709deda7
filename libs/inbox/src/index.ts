export { noteStrayRejection } from './attempt-in-hand.ts';
export { DOUBTS, type Handlers, type Thrown } from './attempt.ts';
export { ProcessDied } from './begun-attempts.ts';
export { claim } from './claim.ts';
export {
  type Attempted,
  type FactContext,
  type FactHandlers,
  FactInbox,
  type FactInboxOptions,
  type Locks,
} from './fact-inbox.ts';
export { ANNOUNCE_EVERY_MS, type Handled } from './handled-types.ts';
export { inboxSchema, taskAttemptsSchema } from './inbox.schema.ts';
export { repeatingTasks } from './repeating-tasks.ts';
export { deadLetterCopy, type Failure, type Parking, type SetAside } from './set-aside.ts';
export { type TaskContext, type TaskHandlers, TaskInbox, type TaskOutcome } from './task-inbox.ts';
