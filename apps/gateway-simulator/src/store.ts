/*
 * Prevents  a process that dies between moving money and answering from forgetting that it did.
 * How       one SQLite file. An operation's intent, ledger entry and answer are written in one transaction, and the
 *           answer leaves only after COMMIT. synchronous=FULL makes COMMIT wait for the disk.
 * Promises  1. what was answered is there after SIGKILL; 2. what is there was done wholly or not at all;
 *           3. a ledger entry never changes and never goes (the triggers); 4. one process per file (the exclusive lock).
 * Costs     every operation waits for one fsync, and they run one after another.
 * Proof     gateway.fault.spec.ts, keep-books/books.spec.ts
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS intents (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS refunds (
    id TEXT PRIMARY KEY, intent_id TEXT NOT NULL REFERENCES intents, amount_minor INTEGER NOT NULL, body TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS pending_refunds (
    id TEXT PRIMARY KEY REFERENCES refunds, ends_at INTEGER NOT NULL, ends_as TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS answers (
    idempotency_key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    kept_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS failed_once (subject TEXT PRIMARY KEY) STRICT;
  CREATE TABLE IF NOT EXISTS ledger_entries (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    intent_id TEXT NOT NULL REFERENCES intents,
    metadata TEXT NOT NULL,
    operation TEXT NOT NULL CHECK (operation IN ('authorize', 'decline', 'capture', 'cancel', 'refund')),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    at TEXT NOT NULL,
    idempotency_key TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS ledger_entries_order_idx ON ledger_entries (json_extract(metadata, '$.orderId'));
  CREATE TRIGGER IF NOT EXISTS ledger_entries_never_change BEFORE UPDATE ON ledger_entries
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
  CREATE TRIGGER IF NOT EXISTS ledger_entries_never_go BEFORE DELETE ON ledger_entries
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
`;

export type Store = DatabaseSync;

/** Opens or creates the file and its folder. Throws when the file cannot be used or another process has it. */
export function openStore(file: string): Store {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
  const store = new DatabaseSync(file);
  store.exec(`
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
  `);
  store.exec(SCHEMA);
  forgetOldAnswers(store);
  return store;
}

/** A file of an earlier version does not know when it kept an answer: then it is long ago. */
function forgetOldAnswers(store: Store): void {
  const isKnown = store.prepare(`SELECT 1 FROM pragma_table_info('answers') WHERE name = 'kept_at'`).get();
  if (!isKnown) store.exec('ALTER TABLE answers ADD COLUMN kept_at INTEGER NOT NULL DEFAULT 0');
}

export function inTransaction<Result>(store: Store, work: () => Result): Result {
  store.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    store.exec('COMMIT');
    return result;
  } catch (error) {
    if (store.isTransaction) store.exec('ROLLBACK');
    throw error;
  }
}
