export {
  type DeadLetter,
  listParked,
  ownWords,
  parkedAbout,
  type ParkedFilter,
  type ParkedMessage,
  type Revealed,
  showParked,
} from './dead-letter.ts';
export { type By, discard, replay, reveal, type Standing } from './operate.ts';
export { parkingSchema, taskReplaySchema } from './parking.schema.ts';
export { buryUnroutable, parking } from './parking.ts';
export { Retrier, type RetrierOptions } from './retrier.ts';
export { type SetAsideCounts, setAsideCounts } from './standing.ts';
