import {
  causedBy,
  type Delivery,
  type Envelope,
  knownTypeOf,
  readEnvelope,
  type Topology,
  typeOf,
  UnreadableMessage,
} from '@cartwheel/contracts';
import { collect, type Collected, type Tx, type Wake, writeOutbox, writeRows } from '@cartwheel/outbox';
import { DatabaseUnavailable, type Pool, type Queryable, transaction } from '@cartwheel/postgres';
import { deriveId, describeError, Permanent } from '@cartwheel/primitives';
import { bare, type Handlers, type Run, type Thrown, underSavepoint } from './attempt.ts';
import { blameDatabase, claim } from './claim.ts';
import { deadLetterCopy, type Parking, type SetAside } from './set-aside.ts';

/**
 * Prevents: a fact that is applied twice, or half, or not at all; a fact that passes an earlier one of its key; a poison
 *   record that stops a consumer.
 * How: one transaction per chunk holds the facts' ids, what their handlers changed and what they emitted; the offset moves
 *   after it. Claim the ids · keep the new ones · which keys are held? · lock every contended row in one order · handlers ·
 *   one outbox insert · COMMIT. When one fails, all of it is undone and done again with a savepoint for each.
 * Promises: 1. whatever is redelivered, and by however many instances, is applied once. 2. A fact that fails is set aside,
 *   the later ones of its key wait behind it, other keys go on. Its id is never released in between.
 *   3. Only an error of a handler, on a connection that lives, counts against a fact. Every other one is the database's:
 *   `apply` throws DatabaseUnavailable and the same chunk comes again. 4. Nothing else leaves `apply`, but for the abort
 *   of `signal`. 5. Dead at once is what no attempt can mend: unreadable, or Permanent.
 * Costs: one row per fact and consumer, for ever. A chunk in which one fails is done twice.
 * Not here: what is set aside, and its next attempt (libs/parking). Without a `parking`, a fact that fails is a copy in its
 *   dead-letter topic and nothing else: the later ones of its key pass it.
 * Proof: fact-inbox.int.spec.ts, chunk.int.spec.ts, consumer.fault.spec.ts
 */
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

export type FactInboxOptions = {
  readonly consumer: string;
  readonly pool: Pool;
  readonly origin: { source: string; topology: Topology };
  readonly wake: Wake;
  readonly locks?: Locks | undefined;
  readonly parking?: Parking | undefined;
  readonly onEvent?: (
    event: 'duplicate' | 'skipped' | 'parked' | 'waiting' | 'dead',
    details: Record<string, unknown>,
    delivery: Delivery,
  ) => void;
};

/** A delivery that a handler exists for. */
type Message = { readonly id: string; readonly delivery: Delivery } & (
  | { readonly envelope: Envelope; readonly unreadable?: undefined }
  | { readonly envelope?: undefined; readonly unreadable: Thrown }
);

export class FactInbox {
  readonly #options: FactInboxOptions;

  constructor(options: FactInboxOptions) {
    this.#options = options;
  }

  /**
   * Deals with a chunk of one partition, in order. When it returns, all of it is applied, skipped or set aside, and the
   * offset may move. @throws DatabaseUnavailable: deliver the chunk again. Nothing of it was done.
   */
  async apply(chunk: readonly Delivery[], handlers: FactHandlers, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const messages = chunk.filter((delivery) => this.#isHandled(delivery, handlers)).map(read);
    if (messages.length === 0) return;
    try {
      return await this.#transact(messages, handlers, signal, bare);
    } catch (error) {
      if (error instanceof DatabaseUnavailable) throw error;
      signal.throwIfAborted();
    }
    // A handler failed, or hid that one of its statements did. Which one shows when each stands alone.
    await blameDatabase(this.#transact(messages, handlers, signal, underSavepoint));
  }

  /**
   * One more attempt at a fact that was set aside, in the transaction that holds its row; its id was claimed long ago.
   * Returns what was thrown, and then has changed nothing. Any error it throws itself is the database's.
   */
  async attempt(tx: Queryable, delivery: Delivery, handlers: FactHandlers): Promise<Thrown | undefined> {
    const { locks, origin } = this.#options;
    const { envelope, unreadable } = read(delivery);
    if (unreadable) return unreadable;
    // Removed, or not deployed here yet. It counts, so that it ends with a person: who skips it might lose it.
    if (!handlers.has(envelope.type)) return { error: new Error(`no handler for ${envelope.type} here`) };
    await locks?.(tx, [envelope]);
    const collected: Collected[] = [];
    const thrown = await this.#handle(tx, { envelope, delivery }, { handlers, collected, run: underSavepoint });
    if (!thrown) await writeOutbox(tx, origin, collected);
    return thrown;
  }

  async #transact(messages: readonly Message[], handlers: FactHandlers, signal: AbortSignal, run: Run): Promise<void> {
    const { pool, consumer, origin, wake, locks, parking } = this.#options;
    const collected: Collected[] = [];
    const setAside: SetAside[] = [];
    const duplicates = await transaction(pool, async (tx) => {
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
      const held = await this.#heldKeys(tx, fresh);
      const isHeld = ({ delivery }: Message) => delivery.key !== null && held.has(keyOf(delivery.key));
      const facts = fresh.filter((message) => !isHeld(message)).flatMap(({ envelope }) => envelope ?? []);
      if (locks && facts.length > 0) await locks(tx, facts);

      for (const message of fresh) {
        signal.throwIfAborted();
        const { id, delivery } = message;
        if (isHeld(message)) {
          setAside.push({ id, delivery, state: 'parked' });
          continue;
        }
        const thrown = message.envelope
          ? await this.#handle(tx, message, { handlers, collected, run })
          : message.unreadable;
        if (!thrown) continue;
        const state = parking && !(thrown.error instanceof Permanent) ? 'parked' : 'dead';
        const failure = { error: thrown.error, attempts: 1, firstFailedAt: new Date() };
        setAside.push({ id, delivery, state, failure });
        // A record without a key holds up nothing.
        if (parking && delivery.key !== null) held.add(keyOf(delivery.key));
      }
      await parking?.keep(tx, consumer, setAside);
      await this.#copyDead(tx, setAside);
      await writeOutbox(tx, origin, collected);
      return repeated;
    });
    for (const { id, delivery } of duplicates) this.#report('duplicate', delivery, { id });
    for (const message of setAside) this.#reportSetAside(message);
    if (collected.length > 0 || setAside.length > 0) wake.ring();
  }

  async #heldKeys(tx: Queryable, messages: readonly Message[]): Promise<Set<string>> {
    const { parking, consumer } = this.#options;
    const keys = messages.flatMap(({ delivery }) => delivery.key ?? []);
    if (!parking || keys.length === 0) return new Set();
    const held = await parking.heldKeys(tx, consumer, messages[0]!.delivery.topic, keys);
    return new Set(held.map(keyOf));
  }

  async #handle(
    tx: Queryable,
    { envelope, delivery }: { envelope: Envelope; delivery: Delivery },
    { handlers, collected, run }: { handlers: FactHandlers; collected: Collected[]; run: Run },
  ): Promise<Thrown | undefined> {
    const emitted: Collected[] = [];
    const thrown = await run(tx, (inner) => {
      const bound = collect(inner, causedBy(envelope), emitted);
      const { consumer } = this.#options;
      const context = { consumer, fact: envelope, delivery, tx: bound, emit: bound.emit };
      return handlers.handle(envelope.type, envelope.data, context);
    });
    // What a handler announced before it failed did not happen.
    if (!thrown) collected.push(...emitted);
    return thrown;
  }

  async #copyDead(tx: Queryable, setAside: readonly SetAside[]): Promise<void> {
    const { consumer, origin } = this.#options;
    const copies = setAside.flatMap(({ delivery, state, failure }) =>
      state === 'dead' && failure
        ? [deadLetterCopy(origin.topology.deadLetterTopic(delivery.topic, consumer), consumer, delivery, failure)]
        : [],
    );
    await writeRows(tx, copies);
  }

  #isHandled(delivery: Delivery, handlers: FactHandlers): boolean {
    const type = typeOf(delivery);
    // Without a type it cannot be known to be somebody else's.
    if (type === undefined || handlers.has(type)) return true;
    this.#report('skipped', delivery, { type: knownTypeOf(delivery) });
    return false;
  }

  #reportSetAside({ id, delivery, state, failure }: SetAside): void {
    if (!failure) return this.#report('waiting', delivery, { id });
    this.#report(state, delivery, { id, attempts: failure.attempts, ...describeError(failure.error) });
  }

  #report(
    event: 'duplicate' | 'skipped' | 'parked' | 'waiting' | 'dead',
    delivery: Delivery,
    details: Record<string, unknown>,
  ): void {
    const { topic, partition: of, offset } = delivery;
    const place = { consumer: this.#options.consumer, topic, partition: of, offset };
    this.#options.onEvent?.(event, { ...place, ...details }, delivery);
  }
}

function read(delivery: Delivery): Message {
  try {
    const envelope = readEnvelope(delivery);
    return { id: envelope.id, delivery, envelope };
  } catch (error) {
    const own = error instanceof UnreadableMessage ? error.id?.toLowerCase() : undefined;
    const id = own ?? deriveId(delivery.topic, delivery.partition ?? -1, delivery.offset ?? '');
    return { id, delivery, unreadable: { error } };
  }
}

function keyOf(key: Buffer): string {
  return key.toString('latin1');
}

function partition<T>(all: readonly T[], is: (one: T) => boolean): [T[], T[]] {
  const yes: T[] = [];
  const no: T[] = [];
  for (const one of all) (is(one) ? yes : no).push(one);
  return [yes, no];
}
