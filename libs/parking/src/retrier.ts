import type { Delivery, Topology } from '@cartwheel/messages';
import { deadLetterCopy, DOUBTS, type FactInbox, type FactHandlers, ProcessDied } from '@cartwheel/inbox';
import { type Wake, writeRows } from '@cartwheel/outbox';
import {
  autocommit,
  DatabaseUnavailable,
  type DataSource,
  type Queryable,
  type Transaction,
  transaction,
} from '@cartwheel/postgres';
import { backoff, DeadlineExceeded, describeError, Permanent } from '@cartwheel/primitives';
import { delayAfter, deliveryOf, type ParkedRow } from './parking.ts';

/**
 * Prevents: a parked message that waits for ever, is tried by two instances, or passes an earlier one of its key.
 * How: one message per transaction, heads of keys only. Lock the row, see that it is still due and still the head,
 *   `locks(message)`, handler under a savepoint. Success deletes the row; failure counts and sets the next attempt while
 *   the row is still locked.
 * Promises: 1. one attempt at a time per key, whatever number of instances. 2. An attempt is counted exactly when it failed
 *   by the code's fault, or ended its process; of what may be chance the third in a row counts. 3. After ten, five deaths or
 *   a Permanent error, the message is dead, with a copy for other tools. 4. A failure that does not count puts the message
 *   off all the same: the others have their turn. 5. What only other instances can do is left to them.
 * Costs: a scan per second, whose time grows with the number of held keys (1.6 s at 100 000).
 * Not here: another lock against consumers. Who appends behind a head that is being deleted makes the new row the head.
 * Proof: retrier.int.spec.ts, parking.model.int.spec.ts
 */
export type RetrierOptions = {
  readonly consumer: string;
  readonly dataSource: DataSource;
  readonly topology: Topology;
  readonly inbox: Pick<FactInbox, 'attempt'>;
  readonly handlers: FactHandlers;
  readonly wake: Wake;
  /** Without a `delivery`: it is about none in particular. */
  readonly onEvent?: (event: RetryEvent, details: Record<string, unknown>, delivery?: Delivery) => void;
};

/** `elsewhere`: other instances can do it, this one cannot. `skipped`: nobody can, and nobody has tried. */
type RetryEvent = 'applied' | 'failed' | 'dead' | 'repeating' | 'elsewhere' | 'skipped';

/**
 * The tenth attempt comes four to nine minutes after the first: later than a rolling deploy or a restart next door, and soon
 * enough for a person to hear of a mistake while it is fresh.
 */
const MAX_ATTEMPTS = 10;
/** Each of them took a process down, and with it what else that had in hand. */
const MAX_DEATHS = 5;
const POLL_MS = 1_000;

/**
 * The heads of this consumer's keys that wait for an attempt, those due for longest first. From key to key by the index:
 * `NOT EXISTS (earlier row)` took 8 s with 100 000 rows behind one dead head, this 10 ms.
 */
const HEADS = `
  WITH RECURSIVE head AS (
    (SELECT topic, key, position FROM parked_messages WHERE consumer = $1 ORDER BY topic, key, position LIMIT 1)
    UNION ALL
    SELECT next.* FROM head CROSS JOIN LATERAL (
      SELECT topic, key, position FROM parked_messages
      WHERE consumer = $1 AND (topic, key) > (head.topic, head.key) ORDER BY topic, key, position LIMIT 1) AS next)
  SELECT position, (extract(epoch FROM next_attempt_at - now()) * 1000)::float8 AS wait_ms FROM parked_messages
  WHERE position = ANY(ARRAY(SELECT position FROM head)) AND state = 'parked' ORDER BY next_attempt_at LIMIT 100`;

/** Time has passed since the scan: another instance may have tried it, or be at it. */
const TAKE = `
  SELECT source, topic, key, partition, record_offset, record_timestamp, event_id, payload, headers, attempts,
    coalesce(first_failed_at, now()) AS first_failed_at
  FROM parked_messages WHERE position = $1 AND state = 'parked' AND next_attempt_at <= now() FOR UPDATE SKIP LOCKED`;

const IS_HEAD = `
  SELECT NOT EXISTS (
    SELECT 1 FROM parked_messages WHERE consumer = $1 AND topic = $2 AND key = $3 AND position < $4) AS is_head`;

const PUT_OFF = `UPDATE parked_messages SET next_attempt_at = now() + $2 * interval '1 ms' WHERE position = $1`;

const FAILED = `
  UPDATE parked_messages SET state = $2, attempts = $3, next_attempt_at = now() + $4 * interval '1 ms',
    first_failed_at = $5, last_failed_at = now(), error_class = $6, error_message = $7
  WHERE position = $1`;

type TakenRow = ParkedRow & { readonly attempts: number; readonly first_failed_at: Date };

export class Retrier {
  readonly #options: RetrierOptions;
  /** How often in a row an attempt at a message failed by what may be chance, or by the database. */
  readonly #doubts = new Map<string, number>();
  #stopping = false;
  #rung = false;
  #wakeUp: () => void = () => undefined;
  #loop: Promise<void> | undefined;

  constructor(options: RetrierOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Returns when the message in hand, if any, is dealt with. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wakeUp();
    await this.#loop;
  }

  /** Something was parked in this process: spares the poll. */
  ring(): void {
    this.#rung = true;
    this.#wakeUp();
  }

  /**
   * Tries each head that is due once, and again as long as one succeeds: then the next of its key is due.
   * Returns after how many ms there is something to do, 1 s at most. @throws what kept the last round from being whole
   */
  async runOnce(): Promise<number> {
    const { dataSource, consumer } = this.#options;
    let trouble: Error | undefined;
    for (;;) {
      const heads = await autocommit(dataSource).query<{ position: string; wait_ms: number }>(HEADS, [consumer]);
      let applied = 0;
      for (const { position, wait_ms: waitMs } of heads) {
        if (this.#stopping || waitMs > 0) break;
        // The database's error, not the message's: the others may do better.
        applied += await this.#attempt(position).catch(async (error: unknown) => {
          trouble = error as Error;
          await this.#putOff(position);
          return 0;
        });
      }
      if (applied > 0 && !this.#stopping) continue;
      if (trouble) throw trouble;
      const later = heads.filter(({ wait_ms: waitMs }) => waitMs > 0).map(({ wait_ms: waitMs }) => waitMs);
      return Math.min(POLL_MS, ...later);
    }
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopping) {
      this.#rung = false;
      let pauseMs: number;
      try {
        pauseMs = await this.runOnce();
        failures = 0;
      } catch (error) {
        failures += 1;
        this.#report('repeating', { failures, ...describeError(error) });
        pauseMs = backoff(failures, { baseMs: 200, maxMs: 5_000 });
      }
      await this.#pause(pauseMs);
    }
  }

  /** Returns how many messages went, one or none. @throws DatabaseUnavailable */
  async #attempt(position: string): Promise<number> {
    const { dataSource, wake } = this.#options;
    const attempted = () => transaction(dataSource, (tx) => this.#attemptIn(tx, position));
    // What took too long took its transaction along; in the next one it is known, and no handler runs.
    const done = await attempted().catch((error: unknown) => {
      if (!(error instanceof DeadlineExceeded)) throw error;
      return attempted();
    });
    if (!done) return 0;
    this.#doubts.delete(position);
    this.#report(done.event, done.details, done.delivery);
    wake.ring();
    return done.event === 'applied' || done.event === 'skipped' ? 1 : 0;
  }

  async #attemptIn(tx: Transaction, position: string) {
    const { consumer, inbox, handlers } = this.#options;
    const [row] = await tx.query<TakenRow>(TAKE, [position]);
    if (!row) return undefined;
    const [answer] = await tx.query<{ is_head: boolean }>(IS_HEAD, [consumer, row.topic, row.key, position]);
    if (!answer!.is_head) return undefined;
    const delivery = deliveryOf(row);
    const details = { id: row.event_id, attempts: row.attempts };
    const attempted = await inbox.attempt(tx, delivery, handlers);
    if (attempted.kind === 'elsewhere') {
      await tx.query(PUT_OFF, [position, delayAfter(1)]);
      return { event: 'elsewhere', details, delivery } as const;
    }
    if (attempted.kind === 'failed' && attempted.isDoubtful && this.#doubt(position) < DOUBTS) {
      throw new DatabaseUnavailable('an attempt failed', { cause: attempted.error });
    }
    if (attempted.kind === 'failed') return this.#fail(tx, position, row, attempted.error);
    // Nobody handles it, and no handler has ever failed on it: then it is as if it had been met today.
    if (attempted.kind === 'nobody' && row.attempts > 0) return this.#fail(tx, position, row, attempted.error);
    await tx.query('DELETE FROM parked_messages WHERE position = $1', [position]);
    if (attempted.kind === 'nobody') return { event: 'skipped', details, delivery } as const;
    return { event: 'applied', details: { ...details, attempts: row.attempts + 1 }, delivery } as const;
  }

  #doubt(position: string): number {
    const doubts = (this.#doubts.get(position) ?? 0) + 1;
    this.#doubts.set(position, doubts);
    return doubts;
  }

  /** It has not failed, and must not be the first one in the next round again. */
  async #putOff(position: string): Promise<void> {
    const db = autocommit(this.#options.dataSource);
    await db.query(PUT_OFF, [position, delayAfter(this.#doubts.get(position) ?? 1)]).catch(() => undefined);
  }

  async #fail(tx: Queryable, position: string, row: TakenRow, error: unknown) {
    const { consumer, topology } = this.#options;
    const attempts = row.attempts + 1;
    const most = error instanceof ProcessDied ? MAX_DEATHS : MAX_ATTEMPTS;
    const isDead = error instanceof Permanent || attempts >= most;
    const firstFailedAt = row.first_failed_at;
    const { errorClass, message } = describeError(error);
    const delivery = deliveryOf(row);
    const state = isDead ? 'dead' : 'parked';
    await tx.query(FAILED, [position, state, attempts, delayAfter(attempts), firstFailedAt, errorClass, message]);
    if (isDead) {
      const deadLetterTopic = topology.deadLetterTopic(row.topic, consumer);
      const failure = { error, attempts, firstFailedAt };
      await writeRows(tx, [deadLetterCopy(deadLetterTopic, consumer, delivery, failure)]);
    }
    const details = { id: row.event_id, attempts, errorClass, message };
    return { event: isDead ? 'dead' : 'failed', details, delivery } as const;
  }

  #report(event: RetryEvent, details: Record<string, unknown>, delivery?: Delivery): void {
    this.#options.onEvent?.(event, { consumer: this.#options.consumer, ...details }, delivery);
  }

  async #pause(ms: number): Promise<void> {
    if (this.#stopping || this.#rung) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wakeUp = () => undefined;
  }
}
