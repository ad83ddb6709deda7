export { type DeadLetter, ownWords, type ParkedMessage, type Revealed } from './dead-letter.ts';
export { listParked, parkedAbout, type ParkedFilter, showParked } from './find-parked.ts';
export { type By, discard, replay, reveal, type Standing } from './operate.ts';
export { parkingSchema, taskReplaySchema } from './parking.schema.ts';
export { parking } from './parking.ts';
export { refusedFacts, refusedTasks } from './refused.ts';
export { Retrier, type RetrierOptions } from './retrier.ts';
export { type SetAsideCounts, setAsideCounts } from './standing.ts';
