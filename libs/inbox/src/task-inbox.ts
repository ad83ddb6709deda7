import {
  causedBy,
  type Cause,
  type Delivery,
  type Envelope,
  knownTypeOf,
  readEnvelope,
  type Topology,
  UnreadableMessage,
} from '@cartwheel/contracts';
import { collect, type Collected, type Tx, type UnitOfWork, type Wake, writeOutbox } from '@cartwheel/outbox';
import { DatabaseUnavailable, type Pool, transaction } from '@cartwheel/postgres';
import { backoff, delay, deriveId, describeError, Permanent, Transient } from '@cartwheel/primitives';
import { createHash } from 'node:crypto';
import type { Handlers } from './attempt.ts';
import { blameDatabase, claim } from './claim.ts';
import type { Failure, Parking } from './set-aside.ts';
import { beginAttempt, endAttempt } from './task-attempts.ts';
import { climb, historyOf, MAX_FAILURES } from './task-ladder.ts';

/**
 * Prevents: a task whose outcome is recorded twice, and a database transaction that stays open while the outside thinks.
 * How: the outside call stands alone between short transactions. `ctx.finish` records the task's id, the outcome and
 *   what follows from it in one of them; the acknowledgement comes after.
 * Promises: 1. an outcome is recorded once. 2. Nothing is acknowledged before it is recorded, handed to the retry ladder,
 *   or dead. 3. A Transient failure climbs the ladder and never uses up attempts; its last rung repeats.
 *   4. An error of the database is waited out with the task in hand and counts for nobody.
 * Costs: an outside call may be repeated after a crash: it carries an idempotency key, or is at least once (SMTP).
 * Not here: order between tasks; they do not need it.
 * Proof: task-inbox.int.spec.ts
 */
export type TaskContext = {
  readonly task: Envelope;
  /** A short transaction before the outside call. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** The transaction that records the outcome. Does nothing when the outcome was recorded already. */
  finish(work: (tx: Tx) => Promise<void>): Promise<void>;
};

export type TaskHandlers = Handlers<TaskContext>;

/** What the strategy does next: acknowledge, or first publish to the retry queue of `rung` (from 0) with these headers. */
export type TaskOutcome =
  | { readonly kind: 'ack' }
  | { readonly kind: 'retry'; readonly rung: number; readonly headers: Record<string, string> };

export type TaskInboxOptions = {
  /** The queue's name without the namespace. */
  readonly consumer: string;
  readonly pool: Pool;
  readonly origin: { source: string; topology: Topology };
  readonly unitOfWork: UnitOfWork;
  readonly wake: Wake;
  /** Keeps dead tasks, in the transaction that records their ids. */
  readonly parking: Pick<Parking, 'keep'>;
  readonly onEvent?: (event: 'duplicate' | 'failed' | 'dead', details: Record<string, unknown>) => void;
};

const ACK: TaskOutcome = { kind: 'ack' };

export class TaskInbox {
  readonly #options: TaskInboxOptions;

  constructor(options: TaskInboxOptions) {
    this.#options = options;
  }

  /** @throws when `signal` is aborted, or on a bug of ours: leave the task unacknowledged, the broker delivers it again. */
  apply(delivery: Delivery, handlers: TaskHandlers, signal: AbortSignal): Promise<TaskOutcome> {
    return this.#patiently(() => this.#attempt(delivery, handlers), signal);
  }

  /**
   * Takes a task that the broker gave up (x-delivery-limit): a dead row, unless its outcome is recorded or it has one.
   * @throws as `apply` does
   */
  drain(delivery: Delivery, signal: AbortSignal): Promise<TaskOutcome> {
    const { attempt, firstFailedAt } = historyOf(delivery);
    return this.#patiently(
      () => this.#bury(idOfAny(delivery), delivery, { error: new DeliveryLimit(), attempts: attempt, firstFailedAt }),
      signal,
    );
  }

  /** Takes a task that cannot be put on the retry ladder: a dead row with the reason. @throws as `apply` does */
  giveUp(delivery: Delivery, reason: string, signal: AbortSignal): Promise<TaskOutcome> {
    const { attempt, firstFailedAt } = historyOf(delivery);
    return this.#patiently(
      () => this.#bury(idOfAny(delivery), delivery, { error: new Refused(reason), attempts: attempt, firstFailedAt }),
      signal,
    );
  }

  async #patiently(work: () => Promise<TaskOutcome>, signal: AbortSignal): Promise<TaskOutcome> {
    for (let repeats = 1; ; repeats += 1) {
      signal.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof DatabaseUnavailable)) throw error;
        this.#options.onEvent?.('failed', { consumer: this.#options.consumer, repeats, ...describeError(error) });
        await delay(backoff(repeats), signal);
      }
    }
  }

  async #attempt(delivery: Delivery, handlers: TaskHandlers): Promise<TaskOutcome> {
    const { attempt, failures, firstFailedAt } = historyOf(delivery);
    let task: Envelope;
    try {
      task = readEnvelope(delivery);
      if (!handlers.has(task.type)) throw new UnreadableMessage('undecodable', `no worker for ${task.type}`, task.id);
    } catch (error) {
      return this.#bury(idOf(delivery, error), delivery, { error, attempts: 1, firstFailedAt: new Date() });
    }
    const { pool, consumer, onEvent } = this.#options;
    const place = await beginAttempt(pool, consumer, task);
    if (place === undefined) {
      onEvent?.('duplicate', { consumer, id: task.id, type: task.type });
      return ACK;
    }
    try {
      await this.#work(task, place, handlers);
      return ACK;
    } catch (error) {
      if (error instanceof DatabaseUnavailable) throw error;
      const counted = error instanceof Transient ? failures : failures + 1;
      onEvent?.('failed', { consumer, id: task.id, type: task.type, attempt, ...describeError(error) });
      if (error instanceof Permanent || counted >= MAX_FAILURES) {
        await blameDatabase(endAttempt(pool, task, place, 'dead', { error }));
        return this.#bury(task.id, delivery, { error, attempts: attempt, firstFailedAt });
      }
      const { rung, delayMs, headers } = climb({ attempt, failures: counted, firstFailedAt }, error);
      await blameDatabase(endAttempt(pool, task, place, 'retry', { error, delayMs }));
      return { kind: 'retry', rung, headers };
    }
  }

  async #work(task: Envelope, place: number, handlers: TaskHandlers): Promise<void> {
    // What follows from a task was caused by the fact that asked for it: the chain of facts stays whole.
    const cause: Cause = { ...causedBy(task), causationId: task.causationId };
    let finished = false;
    const finish = async (work: (tx: Tx) => Promise<void>) => {
      await this.#record(task, place, cause, work);
      finished = true;
    };
    await handlers.handle(task.type, task.data, {
      task,
      transaction: (work) => this.#options.unitOfWork.run(cause, work),
      finish,
    });
    if (!finished) await finish(() => Promise.resolve());
  }

  async #record(task: Envelope, place: number, cause: Cause, work: (tx: Tx) => Promise<void>): Promise<void> {
    const { pool, consumer, origin, wake } = this.#options;
    const collected: Collected[] = [];
    await transaction(pool, async (tx) => {
      const claimed = await blameDatabase(claim(tx, consumer, [task.id]));
      await blameDatabase(endAttempt(tx, task, place, claimed.size === 0 ? 'duplicate' : 'done'));
      if (claimed.size === 0) return;
      await work(collect(tx, cause, collected));
      await blameDatabase(writeOutbox(tx, origin, collected));
    });
    if (collected.length > 0) wake.ring();
  }

  async #bury(id: string, delivery: Delivery, failure: Failure): Promise<TaskOutcome> {
    const { pool, consumer, parking, onEvent } = this.#options;
    const isNew = await blameDatabase(
      transaction(pool, async (tx) => {
        if ((await claim(tx, consumer, [id])).size === 0) return false;
        await parking.keep(tx, consumer, [{ id, delivery, state: 'dead', failure }]);
        return true;
      }),
    );
    const details = isNew ? describeError(failure.error) : {};
    onEvent?.(isNew ? 'dead' : 'duplicate', { consumer, id, type: knownTypeOf(delivery), ...details });
    return ACK;
  }
}

/** Workers died over it, or handed it back, more often than the broker allows (x-delivery-limit). */
class DeliveryLimit extends Permanent {
  override readonly name = 'DeliveryLimit';

  constructor() {
    super('the broker gave the task up: it was delivered again and again, and nobody acknowledged it');
  }
}

/** No broker carries it further. */
class Refused extends Permanent {
  override readonly name = 'Refused';
}

function idOfAny(delivery: Delivery): string {
  try {
    return readEnvelope(delivery).id;
  } catch (error) {
    return idOf(delivery, error);
  }
}

/** The id of a task that cannot be read: its own where it could be believed, else one from its bytes. */
function idOf(delivery: Delivery, error: unknown): string {
  return (error instanceof UnreadableMessage ? error.id : undefined) ?? idOfBytes(delivery);
}

/** A task without a believable id gets one from its bytes, so that its redelivery is the same task. */
function idOfBytes(delivery: Delivery): string {
  // Not the broker's own: x-delivery-count grows with each redelivery.
  const own = Object.entries(delivery.headers).filter(([name]) => !name.startsWith('x-'));
  const headers = JSON.stringify(own.map(([name, value]) => [name, String(value)]));
  const digest = createHash('sha256')
    .update(headers)
    .update(delivery.value ?? '')
    .digest('hex');
  return deriveId(delivery.topic, digest);
}
