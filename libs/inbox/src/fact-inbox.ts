import { type Delivery, typeOf, UnreadableMessage } from '@cartwheel/messages';
import { type Collected, writeOutbox } from '@cartwheel/outbox';
import { autocommit, DatabaseUnavailable, type Transaction, transaction } from '@cartwheel/postgres';
import { DeadlineExceeded, describeError } from '@cartwheel/primitives';
import { AttemptInHand } from './attempt-in-hand.ts';
import { DOUBTS, type Thrown, underSavepoint } from './attempt.ts';
import { BegunAttempts, CHUNK_DEATHS, ProcessDied } from './begun-attempts.ts';
import { blameDatabase, claim } from './claim.ts';
import type { FactEvent, FactHandlers, FactInboxOptions } from './fact-context.ts';
import { type FactMessage, keyOf, partition, placeOf, read } from './fact-message.ts';
import { FactWork } from './fact-work.ts';
import { type Handled, HandledElsewhere, HandledTypes } from './handled-types.ts';
import type { SetAside } from './set-aside.ts';

/** What became of an attempt at a fact that was set aside. */
export type Attempted =
  | { readonly kind: 'applied' }
  | ({ readonly kind: 'failed' } & Thrown)
  /** Others of this group can do it. It was no attempt. */
  | { readonly kind: 'elsewhere' }
  /** No instance has a handler for its type, not any more. */
  | { readonly kind: 'nobody'; readonly error: unknown };

/** Of a whole chunk, in deadlines of a handler. Then its facts are done one by one: no transaction is open for longer. */
const CHUNK_DEADLINES = 2;
/** Where attempts at facts that were set aside are on record. */
const RETRIES = 'parked';

/**
 * Prevents: a fact that is applied twice, or half, or not at all; a fact that passes an earlier one of its key; a poison
 *   record that stops a consumer, or ends its process again and again.
 * How: one transaction per chunk holds the facts' ids, what their handlers changed and what they emitted; the offset moves
 *   after it. Claim the ids · keep the new ones · which keys are held? · lock every contended row in one order · handlers ·
 *   one outbox insert · COMMIT. When one fails, all of it is undone and the facts are done one by one, each with its own
 *   locks, in a transaction of its own that also sets it aside.
 * Promises: 1. whatever is redelivered, and by however many instances, is applied once. 2. A fact that fails is set aside,
 *   the later ones of its key wait behind it, other keys go on. Its id is taken in the transaction that sets it aside.
 *   3. What counts against a fact is what its handler, its locks or its messages made of it: an error of the code, a deadline,
 *   the end of the process; of what may be chance (`either` in libs/postgres/failures.ts) the third in a row. Every other
 *   error is the database's: `apply` throws DatabaseUnavailable and the same chunk comes again. 4. Nothing else leaves
 *   `apply`, but for the abort of `signal`. 5. Dead at once is what no attempt can mend: unreadable, or Permanent.
 *   6. A fact that only newer instances can handle is parked for them.
 * Costs: one row per fact and consumer, for ever. A chunk in which one fails costs a transaction per fact.
 * Not here: what is set aside, and its next attempt (libs/parking). Without a `parking`, a fact that fails is a copy in its
 *   dead-letter topic and nothing else: the later ones of its key pass it.
 * Proof: fact-inbox.int.spec.ts, chunk.int.spec.ts, blame.int.spec.ts, deadlines.int.spec.ts, deaths.fault.spec.ts,
 *   rolling-deployment.int.spec.ts, consumer.fault.spec.ts
 */
export class FactInbox {
  readonly #options: FactInboxOptions;
  readonly #work: FactWork;
  readonly #begun: BegunAttempts;
  readonly #handled: HandledTypes;
  /** How often in a row a partition's chunk failed by what may be chance. */
  readonly #doubts = new Map<string, number>();

  constructor(options: FactInboxOptions) {
    const { dataSource, consumer, handledForMs } = options;
    this.#options = options;
    this.#work = new FactWork(options);
    this.#begun = new BegunAttempts(dataSource, consumer);
    this.#handled = new HandledTypes(dataSource, consumer, handledForMs);
  }

  /** Says what this instance handles: before it consumes, and then every ANNOUNCE_EVERY_MS. @throws DatabaseUnavailable */
  announce(handled: readonly Handled[]): Promise<void> {
    return this.#handled.announce(handled);
  }

  /**
   * Deals with a chunk of one partition, in order. When it returns, all of it is applied, skipped or set aside, and the
   * offset may move. @throws DatabaseUnavailable: deliver the chunk again. What was done of it is a duplicate then.
   */
  async apply(chunk: readonly Delivery[], handlers: FactHandlers, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (chunk.length === 0) return;
    const place = placeOf(chunk[0]!);
    const messages = await this.#ours(chunk, handlers);
    if (messages.length > 0) {
      const isOnRecord = (await this.#begun.beginChunk(chunk[0]!)) >= CHUNK_DEATHS;
      try {
        await this.#applyChunk(place, messages, { handlers, signal, isOnRecord });
      } catch (error) {
        if (signal.aborted) await this.#begun.endChunk(place);
        throw error;
      }
    }
    await this.#begun.endChunk(place, chunk.at(-1));
  }

  /**
   * One more attempt at a fact that was set aside, in the transaction that holds its row; its id was claimed long ago. What
   * failed has changed nothing. Any error it throws is the database's, or DeadlineExceeded: ask again, it has failed then.
   */
  async attempt(tx: Transaction, delivery: Delivery, handlers: FactHandlers): Promise<Attempted> {
    const message = read(delivery, this.#options.origin.contracts);
    const { id, unreadable } = message;
    const isStrange = isUnhandled(delivery, handlers);
    if ((isStrange || isNewer(unreadable)) && (await this.#handled.handledElsewhere(tx, [delivery])).size > 0)
      return { kind: 'elsewhere' };
    // Removed, or not deployed here yet. Who has seen it fail wants to hear of it: a rolled-back deployment must not lose it.
    if (isStrange) return { kind: 'nobody', error: new Error('no handler for this type here') };
    if (unreadable) return { kind: 'failed', ...unreadable };
    const verdict = this.#work.verdictOn(id);
    const deaths = verdict ? 0 : await this.#begun.begin(RETRIES, id);
    try {
      const died = deaths > 0 ? { error: new ProcessDied(deaths) } : undefined;
      const thrown =
        verdict ?? died ?? (await underSavepoint(tx, (inner) => this.#work.handleAlone(inner, message, handlers)));
      this.#work.forget(id);
      return thrown ? { kind: 'failed', ...thrown } : { kind: 'applied' };
    } finally {
      // Nobody died, whatever becomes of the transaction.
      await this.#begun.end(RETRIES, id);
    }
  }

  async #applyChunk(place: string, messages: readonly FactMessage[], work: Work): Promise<void> {
    const { signal, isOnRecord } = work;
    if (!isOnRecord && !messages.some(({ id }) => this.#work.verdictOn(id))) {
      try {
        await this.#together(messages, work);
        this.#doubts.delete(place);
        return;
      } catch (error) {
        if (error instanceof DatabaseUnavailable && !this.#isTooOften(place, error)) throw error;
        signal.throwIfAborted();
        this.#report('divided', messages[0]!.delivery, { facts: messages.length, ...describeError(error) });
      }
    }
    // Which one it was shows when each stands alone.
    for (const message of messages) {
      signal.throwIfAborted();
      await this.#alone(place, message, work);
    }
    this.#doubts.delete(place);
  }

  /** All in one transaction. @throws whatever went wrong in it */
  async #together(messages: readonly FactMessage[], { handlers, signal }: Work): Promise<void> {
    const { dataSource, consumer, origin, wake, parking } = this.#options;
    const work = this.#work;
    const collected: Collected[] = [];
    const setAside: SetAside[] = [];
    const begun = performance.now();
    const duplicates = await transaction(dataSource, async (tx) => {
      const claimed = await claim(
        tx,
        consumer,
        messages.map(({ id }) => id),
      );
      // `delete`, not `has`: a relay that crashed sends a fact twice in a row, so one chunk can hold the same id twice.
      const [fresh, repeated] = partition(messages, ({ id }) => claimed.delete(id));
      if (fresh.length === 0) return repeated;
      // A statement of its own: a snapshot is older than the wait that the claim sat through, and as one statement with it
      // let a fact pass the one that was parked meanwhile.
      const held = await work.heldKeys(tx, fresh);
      const isHeld = ({ delivery }: FactMessage) => delivery.key !== null && held.has(keyOf(delivery.key));
      const facts = fresh.filter((message) => !isHeld(message)).flatMap(({ envelope }) => envelope ?? []);
      await work.lock(tx, facts);

      const inHand: { readonly id: string; readonly attempt: AttemptInHand }[] = [];
      for (const message of fresh) {
        signal.throwIfAborted();
        const { id, delivery } = message;
        if (isHeld(message)) {
          setAside.push({ id, delivery, state: 'parked' });
        } else if (message.envelope) {
          if (performance.now() - begun > CHUNK_DEADLINES * work.deadlineMs)
            throw new DeadlineExceeded('the chunk took too long');
          const attempt = new AttemptInHand();
          inHand.push({ id, attempt });
          await work.handle(tx, message, { handlers, collected, attempt });
        } else {
          setAside.push(work.failed(message, message.unreadable));
          // A record without a key holds up nothing.
          if (parking && delivery.key !== null) held.add(keyOf(delivery.key));
        }
      }
      await work.throwIfStray(inHand);
      await parking?.keep(tx, consumer, setAside);
      await work.copyDead(tx, setAside);
      await writeOutbox(tx, origin, collected);
      return repeated;
    });
    for (const { id, delivery } of duplicates) this.#report('duplicate', delivery, { id });
    for (const message of setAside) this.#reportSetAside(message);
    if (collected.length > 0 || setAside.length > 0) wake.ring();
  }

  /** One fact in a transaction of its own, which sets it aside if it fails. @throws DatabaseUnavailable, or the abort */
  async #alone(place: string, message: FactMessage, work: Work): Promise<void> {
    const { id, delivery } = message;
    if (work.isOnRecord && message.envelope && !this.#work.verdictOn(id)) {
      const deaths = await this.#begun.begin(place, id);
      if (deaths > 0) this.#work.condemn(id, new ProcessDied(CHUNK_DEATHS + deaths));
    }
    let setAside: SetAside | undefined | 'duplicate';
    try {
      setAside = await blameDatabase(this.#transactAlone(place, message, work.handlers));
    } catch (error) {
      work.signal.throwIfAborted();
      if (!(error instanceof DeadlineExceeded)) throw error;
      // The transaction is gone, and the verdict is known.
      this.#work.condemn(id, error);
      return this.#alone(place, message, work);
    }
    this.#work.forget(id);
    if (work.isOnRecord) await this.#begun.end(place, id);
    if (setAside === 'duplicate') return this.#report('duplicate', delivery, { id });
    if (setAside) this.#reportSetAside(setAside);
    this.#options.wake.ring();
  }

  /** Returns how the message was set aside, if it was. */
  #transactAlone(place: string, message: FactMessage, handlers: FactHandlers) {
    const { dataSource, consumer, parking } = this.#options;
    const { id, delivery } = message;
    return transaction(dataSource, async (tx): Promise<SetAside | undefined | 'duplicate'> => {
      if ((await claim(tx, consumer, [id])).size === 0) return 'duplicate';
      let setAside: SetAside | undefined;
      const verdict = message.unreadable ?? this.#work.verdictOn(id);
      const thrown = await underSavepoint(tx, async (inner) => {
        const held = await this.#work.heldKeys(inner, [message]);
        if (held.size > 0) setAside = { id, delivery, state: 'parked' };
        else if (message.envelope && !verdict) await this.#work.handleAlone(inner, message, handlers);
      });
      if (thrown?.isDoubtful) {
        const error = new DatabaseUnavailable('a statement failed', { cause: thrown.error });
        if (!this.#isTooOften(place, error)) throw error;
      }
      const failure = thrown ?? verdict;
      if (!setAside && failure) setAside = this.#work.failed(message, failure);
      if (setAside) await parking?.keep(tx, consumer, [setAside]);
      if (setAside) await this.#work.copyDead(tx, [setAside]);
      return setAside;
    });
  }

  /** Whether what may be chance has happened to this partition too often in a row. */
  #isTooOften(place: string, { blame }: DatabaseUnavailable): boolean {
    if (blame === 'database') return false;
    const doubts = (this.#doubts.get(place) ?? 0) + 1;
    this.#doubts.set(place, doubts);
    return doubts >= DOUBTS;
  }

  /** The messages that a handler exists for: here, or for now only in newer instances. The others are skipped. */
  async #ours(chunk: readonly Delivery[], handlers: FactHandlers): Promise<FactMessage[]> {
    const { dataSource, parking, origin } = this.#options;
    const messages = chunk.map((delivery) => read(delivery, origin.contracts));
    const strange = messages.filter(
      ({ delivery, unreadable }) => isUnhandled(delivery, handlers) || isNewer(unreadable),
    );
    const deliveries = strange.map(({ delivery }) => delivery);
    const elsewhere = parking ? await this.#handled.handledElsewhere(autocommit(dataSource), deliveries) : new Set();
    return messages.flatMap((message): FactMessage[] => {
      const { id, delivery } = message;
      if (elsewhere.has(delivery)) return [{ id, delivery, unreadable: { error: new HandledElsewhere() } }];
      if (!isUnhandled(delivery, handlers)) return [message];
      this.#report('skipped', delivery, { type: origin.contracts.knownTypeOf(delivery) });
      return [];
    });
  }

  #reportSetAside({ id, delivery, state, failure }: SetAside): void {
    if (!failure) return this.#report('waiting', delivery, { id });
    this.#report(state, delivery, { id, attempts: failure.attempts, ...describeError(failure.error) });
  }

  #report(event: FactEvent, delivery: Delivery, details: Record<string, unknown>): void {
    const { topic, partition: of, offset } = delivery;
    const place = { consumer: this.#options.consumer, topic, partition: of, offset };
    this.#options.onEvent?.(event, { ...place, ...details }, delivery);
  }
}

type Work = {
  readonly handlers: FactHandlers;
  readonly signal: AbortSignal;
  /** Processes died over this chunk: each message is put on record before it is in hand. */
  readonly isOnRecord: boolean;
};

/** Without a type it cannot be known to be somebody else's. */
function isUnhandled(delivery: Delivery, handlers: FactHandlers): boolean {
  const type = typeOf(delivery);
  return type !== undefined && !handlers.has(type);
}

function isNewer(unreadable: Thrown | undefined): boolean {
  return unreadable?.error instanceof UnreadableMessage && unreadable.error.reason === 'unknown-version';
}
