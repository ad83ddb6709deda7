import type { Delivery, Envelope } from '@cartwheel/messages';
import type { Origin, Tx, Wake } from '@cartwheel/outbox';
import type { DataSource, Queryable } from '@cartwheel/postgres';
import type { Handlers } from './attempt.ts';
import type { Parking } from './set-aside.ts';

export type FactContext = {
  /** Who applies it, by the name under which its ids are kept. */
  readonly consumer: string;
  readonly fact: Envelope;
  readonly delivery: Delivery;
  readonly tx: Tx;
  readonly emit: Tx['emit'];
};

export type FactHandlers = Handlers<FactContext>;

/** Locks every contended row that these facts will touch, in one statement and in one order for all of the group. */
export type Locks = (tx: Queryable, facts: readonly Envelope[]) => Promise<unknown>;

/** `divided`: a chunk failed, and its facts are applied one at a time. The others are about one fact. */
export type FactEvent = 'divided' | 'duplicate' | 'skipped' | 'parked' | 'waiting' | 'dead';

export type FactInboxOptions = {
  readonly consumer: string;
  readonly dataSource: DataSource;
  readonly origin: Origin;
  readonly wake: Wake;
  readonly locks?: Locks | undefined;
  readonly parking?: Parking | undefined;
  /** For how long a handler, or the locks, are waited for, in ms. Below the server's idle_in_transaction_session_timeout. */
  readonly deadlineMs?: number | undefined;
  /** For how long it is believed what an instance said to handle, in ms. */
  readonly handledForMs?: number | undefined;
  readonly onEvent?: (event: FactEvent, details: Record<string, unknown>, delivery: Delivery) => void;
};
