export { bury, buryUnroutable, type Failure } from './bury.ts';
export {
  type DeadLetter,
  listParked,
  type ParkedFilter,
  type ParkedMessage,
  type Revealed,
  showParked,
} from './dead-letter.ts';
export { type By, discard, replay, reveal, type Standing } from './operate.ts';
export { parkingSchema, taskReplaySchema } from './parking.schema.ts';
export { buryUnroutable, parking } from './parking.ts';
export { parkingSchema } from './parking.schema.ts';
export { Retrier, type RetrierOptions } from './retrier.ts';
