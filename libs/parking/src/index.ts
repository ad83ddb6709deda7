export { bury, buryUnroutable, type Failure } from './bury.ts';
export { parkingSchema } from './parking.schema.ts';
