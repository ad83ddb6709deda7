import {
  causedBy,
  type Delivery,
  type Envelope,
  readEnvelope,
  type Topology,
  typeOf,
  UnreadableMessage,
} from '@cartwheel/contracts';
import { collect, type Collected, type Tx, type Wake, writeOutbox } from '@cartwheel/outbox';
import { bury, type Failure } from '@cartwheel/parking';
import { DatabaseUnavailable, type Pool, type Queryable, transaction } from '@cartwheel/postgres';
import { deriveId, describeError, Permanent } from '@cartwheel/primitives';
import { blameDatabase, blameDatabaseUnlessMessage, claim } from './claim.ts';

/**
 * Prevents: a fact that is applied twice, or half, or not at all; a poison record that stops a consumer.
 * How: one transaction holds the fact's id, what its handler changed and what it emitted. The offset moves only after.
 *   Statements in this order: claim the ids · keep the new ones · lock every contended row in one order · handlers ·
 *   one outbox insert · COMMIT.
 * Promises: 1. whatever is redelivered, and by however many instances, is applied once. 2. A handler's error counts, is
 *   tried three times at once, and then the message is a dead letter. 3. An error of the database counts for nobody:
 *   `apply` throws DatabaseUnavailable and the same chunk comes again. 4. No other error leaves `apply`, but for the abort of `signal`.
 * Costs: one row per fact and consumer, for ever; one transaction per message.
 * Not here: one transaction per chunk, parking, order across a dead letter (docs/limits.md).
 * Proof: fact-inbox.int.spec.ts, consumer.fault.spec.ts
 */
export type FactContext = {
  readonly fact: Envelope;
  readonly delivery: Delivery;
  readonly tx: Tx;
  readonly emit: Tx['emit'];
};

/** The handlers of one consumer group, by fact type. */
export type FactHandlers = {
  has(type: string): boolean;
  handle(type: string, data: unknown, context: FactContext): Promise<void>;
};

/** Locks every contended row that these facts will touch, in one statement and in one order for all of the group. */
export type Locks = (tx: Queryable, facts: readonly Envelope[]) => Promise<unknown>;

export type FactInboxOptions = {
  readonly consumer: string;
  readonly pool: Pool;
  readonly origin: { source: string; topology: Topology };
  readonly wake: Wake;
  readonly locks?: Locks | undefined;
  readonly onEvent?: (event: 'duplicate' | 'skipped' | 'failed' | 'dead', details: Record<string, unknown>) => void;
};

const ATTEMPTS = 3;

type Readable = { readonly delivery: Delivery; readonly envelope: Envelope };

export class FactInbox {
  readonly #options: FactInboxOptions;

  constructor(options: FactInboxOptions) {
    this.#options = options;
  }

  /**
   * Applies a chunk of one partition, in order. When it returns, all of it is applied, skipped or dead, and the offset may
   * move. @throws DatabaseUnavailable: deliver the chunk again. What was applied meanwhile is remembered by its ids.
   */
  async apply(chunk: readonly Delivery[], handlers: FactHandlers, signal: AbortSignal): Promise<void> {
    for (const delivery of chunk) {
      signal.throwIfAborted();
      const type = typeOf(delivery);
      if (type !== undefined && !handlers.has(type)) {
        this.#report('skipped', delivery, { type });
        continue;
      }
      await this.#applyOne(delivery, handlers);
    }
  }

  async #applyOne(delivery: Delivery, handlers: FactHandlers): Promise<void> {
    const firstFailedAt = new Date();
    let envelope: Envelope;
    try {
      envelope = readEnvelope(delivery);
    } catch (error) {
      const own = error instanceof UnreadableMessage ? error.id : undefined;
      const id = own ?? deriveId(delivery.topic, delivery.partition ?? -1, delivery.offset ?? '');
      return this.#bury(id, delivery, { error, attempts: 1, firstFailedAt });
    }
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#transact([{ delivery, envelope }], handlers);
      } catch (error) {
        if (error instanceof DatabaseUnavailable) throw error;
        this.#report('failed', delivery, { id: envelope.id, attempt, ...describeError(error) });
        if (attempt >= ATTEMPTS || error instanceof Permanent) {
          return this.#bury(envelope.id, delivery, { error, attempts: attempt, firstFailedAt });
        }
      }
    }
  }

  async #transact(messages: readonly Readable[], handlers: FactHandlers): Promise<void> {
    const { pool, consumer, locks, origin, wake } = this.#options;
    const collected: Collected[] = [];
    await transaction(pool, async (tx) => {
      const ids = messages.map(({ envelope }) => envelope.id);
      const claimed = await blameDatabase(claim(tx, consumer, ids));
      // `delete`, not `has`: a relay that crashed sends a fact twice in a row, so one chunk can hold the same id twice.
      const fresh = messages.filter(({ envelope }) => claimed.delete(envelope.id));
      if (fresh.length < messages.length) this.#report('duplicate', messages[0]!.delivery, { ids });
      if (fresh.length === 0) return;
      if (locks)
        await blameDatabase(
          locks(
            tx,
            fresh.map(({ envelope }) => envelope),
          ),
        );
      for (const { delivery, envelope } of fresh) {
        const bound = collect(tx, causedBy(envelope), collected);
        await handlers.handle(envelope.type, envelope.data, { fact: envelope, delivery, tx: bound, emit: bound.emit });
      }
      await blameDatabaseUnlessMessage(writeOutbox(tx, origin, collected));
    });
    if (collected.length > 0) wake.ring();
  }

  async #bury(id: string, delivery: Delivery, failure: Failure): Promise<void> {
    const { pool, consumer, origin, wake } = this.#options;
    await blameDatabase(
      transaction(pool, async (tx) => {
        if ((await claim(tx, consumer, [id])).size === 0) return;
        const deadLetterTopic = origin.topology.deadLetterTopic(delivery.topic, consumer);
        await bury(tx, { consumer, deadLetterTopic }, { id, delivery }, failure);
      }),
    );
    this.#report('dead', delivery, { id, attempts: failure.attempts, ...describeError(failure.error) });
    wake.ring();
  }

  #report(
    event: 'duplicate' | 'skipped' | 'failed' | 'dead',
    delivery: Delivery,
    details: Record<string, unknown>,
  ): void {
    const { topic, partition, offset } = delivery;
    this.#options.onEvent?.(event, { consumer: this.#options.consumer, topic, partition, offset, ...details });
  }
}
