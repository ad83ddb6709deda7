export { type Handlers, type Thrown } from './attempt.ts';
export { claim } from './claim.ts';
export { type FactContext, type FactHandlers, FactInbox, type FactInboxOptions, type Locks } from './fact-inbox.ts';
export { inboxSchema, taskAttemptsSchema } from './inbox.schema.ts';
export { lockSubjects } from './lock-subjects.ts';
export { noteGone, stepOver } from './lost-records.ts';
export { repeatingTasks } from './repeating-tasks.ts';
export { deadLetterCopy, type Failure, type Parking, type SetAside } from './set-aside.ts';
export { type TaskContext, type TaskHandlers, TaskInbox, type TaskOutcome } from './task-inbox.ts';
