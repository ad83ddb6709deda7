import { causedBy, type Cause, type Delivery, type Envelope, UnreadableMessage } from '@cartwheel/messages';
import {
  collect,
  type Collected,
  type Origin,
  type Tx,
  type UnitOfWork,
  type Wake,
  writeOutbox,
} from '@cartwheel/outbox';
import { autocommit, DatabaseUnavailable, type DataSource, transaction } from '@cartwheel/postgres';
import { backoff, delay, describeError, Permanent, Transient, withDeadline } from '@cartwheel/primitives';
import { AttemptInHand, findStray } from './attempt-in-hand.ts';
import { DOUBTS, type Handlers } from './attempt.ts';
import { blameDatabase, claim } from './claim.ts';
import { Deadline } from './deadline.ts';
import type { Failure, Parking } from './set-aside.ts';
import { beginAttempt, endAttempt, endDeadAttempts } from './task-attempts.ts';
import { idOf } from './task-id.ts';
import { climb, historyOf, MAX_FAILURES } from './task-ladder.ts';

/**
 * Prevents: a task whose outcome is recorded twice, a database transaction that stays open while the outside thinks, and an
 *   outside that is asked again because our own database was away.
 * How: the outside call stands alone between short transactions. `ctx.finish` records the task's id, the outcome and
 *   what follows from it in one of them; the acknowledgement comes after. A transaction that the database fails is repeated
 *   by itself, in the middle of the attempt.
 * Promises: 1. an outcome is recorded once. 2. Nothing is acknowledged before it is recorded, handed to the retry ladder,
 *   or dead. 3. A Transient failure climbs the ladder and never uses up attempts; its last rung repeats.
 *   4. An error of the database is waited out with the task in hand and counts for nobody; of what may be chance the third in
 *   a row counts. The outside is asked once per attempt. 5. A worker that does not settle has failed when its deadline is
 *   over, and what it does later is not recorded. 6. A task that three processes died over is dead.
 * Costs: an outside call may be repeated after a crash: it carries an idempotency key, or is at least once (SMTP).
 * Not here: order between tasks; they do not need it.
 * Proof: task-inbox.int.spec.ts, task-blame.int.spec.ts, lost-commit.int.spec.ts, deaths.fault.spec.ts
 */
export type TaskContext = {
  readonly task: Envelope;
  /** A short transaction beside the outside call. `work` is done again when the database fails it. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** The transaction that records the outcome. `work` is done again when the database fails it. Does nothing when the outcome was recorded already. */
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
  readonly dataSource: DataSource;
  readonly origin: Origin;
  readonly unitOfWork: UnitOfWork;
  readonly wake: Wake;
  /** Keeps dead tasks, in the transaction that records their ids. */
  readonly parking: Pick<Parking, 'keep'>;
  /** For how long a worker is waited for between two of its transactions, and in each, in ms. */
  readonly deadlineMs?: number | undefined;
  readonly onEvent?: (event: 'duplicate' | 'failed' | 'dead', details: Record<string, unknown>) => void;
};

const ACK: TaskOutcome = { kind: 'ack' };
const DEADLINE_MS = 60_000;
/** After so many the broker is not asked to try it on somebody else. */
const MAX_DEATHS = 3;

export class TaskInbox {
  readonly #options: TaskInboxOptions;

  constructor(options: TaskInboxOptions) {
    this.#options = options;
  }

  /** @throws when `signal` is aborted, or on a bug of ours: leave the task unacknowledged, the broker delivers it again. */
  async apply(
    delivery: Delivery,
    handlers: TaskHandlers,
    signal: AbortSignal,
    moved: Moved = () => undefined,
  ): Promise<TaskOutcome> {
    signal.throwIfAborted();
    const hand = { signal, moved };
    let task: Envelope;
    try {
      task = this.#options.origin.contracts.readEnvelope(delivery);
      if (!handlers.has(task.type)) throw new UnreadableMessage('undecodable', `no worker for ${task.type}`, task.id);
    } catch (error) {
      const failure = { error, attempts: 1, firstFailedAt: new Date() };
      return this.#patiently(() => this.#bury(idOf(delivery, error), delivery, failure), hand);
    }
    const { dataSource, consumer, onEvent } = this.#options;
    const begun = await this.#patiently(() => beginAttempt(dataSource, consumer, task), hand);
    if (begun === undefined) {
      onEvent?.('duplicate', { consumer, id: task.id, type: task.type });
      return ACK;
    }
    try {
      if (begun.deaths >= MAX_DEATHS) {
        await this.#patiently(() => endDeadAttempts(dataSource, task, begun.attempt), hand);
        throw new TaskKills(begun.deaths);
      }
      await this.#patiently(() => this.#work(task, begun.attempt, { handlers, ...hand }), hand, DOUBTS);
      return ACK;
    } catch (error) {
      if (signal.aborted && error === signal.reason) throw error;
      return this.#patiently(() => this.#fail(task, begun.attempt, delivery, error), hand);
    }
  }

  /**
   * Takes a task that the broker gave up (x-delivery-limit): a dead row, unless its outcome is recorded or it has one.
   * @throws as `apply` does
   */
  async drain(delivery: Delivery, signal: AbortSignal, moved: Moved = () => undefined): Promise<TaskOutcome> {
    signal.throwIfAborted();
    const { attempt, firstFailedAt } = historyOf(delivery);
    return this.#patiently(
      () =>
        this.#bury(this.#idOfAny(delivery), delivery, { error: new DeliveryLimit(), attempts: attempt, firstFailedAt }),
      { signal, moved },
    );
  }

  /** Takes a task that cannot be put on the retry ladder: a dead row with the reason. @throws as `apply` does */
  giveUp(
    delivery: Delivery,
    reason: string,
    signal: AbortSignal,
    moved: Moved = () => undefined,
  ): Promise<TaskOutcome> {
    const { attempt, firstFailedAt } = historyOf(delivery);
    return this.#patiently(
      () =>
        this.#bury(this.#idOfAny(delivery), delivery, { error: new Refused(reason), attempts: attempt, firstFailedAt }),
      { signal, moved },
    );
  }

  /**
   * Repeats what the database fails, until it works or, before a repeat, the signal is aborted. What may be chance is repeated until it has
   * failed `doubts` times in a row; then it is an error like any other. @throws what `work` threw, or the abort
   */
  async #patiently<T>(work: () => Promise<T>, { signal, moved }: Hand, doubts = Infinity): Promise<T> {
    let doubted = 0;
    for (let repeats = 1; ; repeats += 1) {
      // What is in hand is finished, if the database lets it: only waiting ends at once.
      if (repeats > 1) signal.throwIfAborted();
      moved();
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof DatabaseUnavailable)) throw error;
        doubted = error.blame === 'either' ? doubted + 1 : 0;
        if (doubted >= doubts) throw error.cause;
        this.#options.onEvent?.('failed', { consumer: this.#options.consumer, repeats, ...describeError(error) });
        await delay(backoff(repeats), signal);
      }
    }
  }

  /** Climbs the ladder, or is dead. */
  async #fail(task: Envelope, place: number, delivery: Delivery, error: unknown): Promise<TaskOutcome> {
    const { dataSource, consumer, onEvent } = this.#options;
    const { attempt, failures, firstFailedAt } = historyOf(delivery);
    const counted = error instanceof Transient ? failures : failures + 1;
    onEvent?.('failed', { consumer, id: task.id, type: task.type, attempt, ...describeError(error) });
    if (error instanceof Permanent || counted >= MAX_FAILURES) {
      await blameDatabase(endAttempt(autocommit(dataSource), task, place, 'dead', { error }));
      return this.#bury(task.id, delivery, { error, attempts: attempt, firstFailedAt });
    }
    const { rung, delayMs, headers } = climb({ attempt, failures: counted, firstFailedAt }, error);
    await blameDatabase(endAttempt(autocommit(dataSource), task, place, 'retry', { error, delayMs }));
    return { kind: 'retry', rung, headers };
  }

  async #work(task: Envelope, place: number, { handlers, ...hand }: Work): Promise<void> {
    const deadlineMs = this.#options.deadlineMs ?? DEADLINE_MS;
    // What follows from a task was caused by the fact that asked for it: the chain of facts stays whole.
    const cause: Cause = { ...causedBy(task), causationId: task.causationId };
    const attempt = new AttemptInHand();
    const deadline = new Deadline(`the worker of ${task.type}`, deadlineMs);
    const inTime = <T>(work: (tx: Tx) => Promise<T>) => {
      // The worker was given up: what it has found out is asked for again by the next attempt.
      if (deadline.isOver) throw new Error('this attempt is over');
      return (tx: Tx) => withDeadline(`a transaction of ${task.type}`, deadlineMs, Promise.resolve(work(tx)));
    };
    let finished: Promise<void> | undefined;
    const context: TaskContext = {
      task,
      transaction: async (work) => {
        const step = inTime(work);
        return deadline.pause(() => this.#patiently(() => this.#options.unitOfWork.run(cause, step), hand, DOUBTS));
      },
      finish: (work) => {
        finished = (async () => {
          const step = inTime(work);
          const stray = await findStray([{ attempt }]);
          if (stray) throw stray.error;
          await deadline.pause(() => this.#patiently(() => this.#record(task, place, cause, step), hand, DOUBTS));
        })();
        return finished;
      },
    };
    const worked = attempt.run(async () => {
      await handlers.handle(task.type, task.data, context);
      // A worker that hides that its outcome could not be recorded has not done its task.
      await (finished ?? context.finish(() => Promise.resolve()));
    });
    await deadline.over(worked);
  }

  async #record(task: Envelope, place: number, cause: Cause, work: (tx: Tx) => Promise<void>): Promise<void> {
    const { dataSource, consumer, origin, wake } = this.#options;
    const collected: Collected[] = [];
    await transaction(dataSource, async (tx) => {
      const claimed = await blameDatabase(claim(tx, consumer, [task.id]));
      await blameDatabase(endAttempt(tx, task, place, claimed.size === 0 ? 'duplicate' : 'done'));
      if (claimed.size === 0) return;
      await work(collect(tx, origin, cause, collected));
      await writeOutbox(tx, origin, collected);
    });
    if (collected.length > 0) wake.ring();
  }

  async #bury(id: string, delivery: Delivery, failure: Failure): Promise<TaskOutcome> {
    const { dataSource, consumer, origin, parking, onEvent } = this.#options;
    const isNew = await blameDatabase(
      transaction(dataSource, async (tx) => {
        if ((await claim(tx, consumer, [id])).size === 0) return false;
        await parking.keep(tx, consumer, [{ id, delivery, state: 'dead', failure }]);
        return true;
      }),
    );
    const details = isNew ? describeError(failure.error) : {};
    onEvent?.(isNew ? 'dead' : 'duplicate', { consumer, id, type: origin.contracts.knownTypeOf(delivery), ...details });
    return ACK;
  }

  #idOfAny(delivery: Delivery): string {
    try {
      return this.#options.origin.contracts.readEnvelope(delivery).id;
    } catch (error) {
      return idOf(delivery, error);
    }
  }
}

/** Told whenever something has been done or has failed: who waits for the database is not stuck. */
type Moved = () => void;
type Hand = { readonly signal: AbortSignal; readonly moved: Moved };
type Work = Hand & { readonly handlers: TaskHandlers };

/** A task that ends its process does so again: the next one has other tasks in hand too. */
class TaskKills extends Permanent {
  override readonly name = 'ProcessDied';

  constructor(deaths: number) {
    super(`${deaths} processes ended with this task in hand`);
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
