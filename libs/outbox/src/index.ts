export { deadRows, oldestAgeMs, type Waiting, waiting } from './oldest-row.ts';
export {
  type Channel,
  type OutboxRow,
  restoreHeaders,
  type StoredHeaders,
  storeHeaders,
  writeRows,
} from './outbox-row.ts';
export { outboxSchema } from './outbox.schema.ts';
export { collect, type Collected, type Origin, type Tx, UnitOfWork, writeOutbox } from './unit-of-work.ts';
export {
  type KeptRow,
  OutboxRelay,
  type Published,
  type Publish,
  type RelayOptions,
  type RelayRow,
  type SetAside,
} from './relay.ts';
export { Wake } from './wake.ts';
