import { causedBy, type Envelope } from '@cartwheel/messages';
import { collect, type Collected, writeOutbox, writeRows } from '@cartwheel/outbox';
import { DatabaseUnavailable, type Queryable, type Transaction } from '@cartwheel/postgres';
import { DeadlineExceeded, Permanent, withDeadline } from '@cartwheel/primitives';
import { AttemptInHand, findStray } from './attempt-in-hand.ts';
import type { Thrown } from './attempt.ts';
import { CHUNK_DEATHS, ProcessDied } from './begun-attempts.ts';
import type { FactHandlers, FactInboxOptions } from './fact-context.ts';
import { type FactMessage, keyOf, type ReadFact } from './fact-message.ts';
import { HandledElsewhere } from './handled-types.ts';
import { deadLetterCopy, type SetAside } from './set-aside.ts';

/** Below the server's idle_in_transaction_session_timeout: else that ends the transaction first, and nobody is to blame. */
const DEADLINE_MS = 15_000;

/** What a fact's transaction is made of, whether it stands alone in it or with its chunk. */
export class FactWork {
  readonly deadlineMs: number;
  readonly #options: FactInboxOptions;
  /** What is known of a fact whose transaction could not record it: it is set aside without another attempt. */
  readonly #verdicts = new Map<string, Thrown>();

  constructor(options: FactInboxOptions) {
    this.#options = options;
    this.deadlineMs = options.deadlineMs ?? DEADLINE_MS;
  }

  verdictOn(id: string): Thrown | undefined {
    return this.#verdicts.get(id);
  }

  /** From now on the fact has failed, whatever becomes of the transaction that it stands in. */
  condemn(id: string, error: unknown): void {
    this.#verdicts.set(id, { error });
  }

  /** It was set aside, or taken by somebody else. */
  forget(id: string): void {
    this.#verdicts.delete(id);
  }

  async heldKeys(tx: Queryable, messages: readonly FactMessage[]): Promise<Set<string>> {
    const { parking, consumer } = this.#options;
    const keys = messages.flatMap(({ delivery }) => delivery.key ?? []);
    if (!parking || keys.length === 0) return new Set();
    const held = await parking.heldKeys(tx, consumer, messages[0]!.delivery.topic, keys);
    return new Set(held.map(keyOf));
  }

  async lock(tx: Queryable, facts: readonly Envelope[]): Promise<void> {
    const { locks } = this.#options;
    if (locks && facts.length > 0) await withDeadline('locking', this.deadlineMs, Promise.resolve(locks(tx, facts)));
  }

  /** Runs the handler. @throws what it threw; of a DeadlineExceeded it is known from now on whose it was */
  async handle(
    tx: Transaction,
    { envelope, delivery }: ReadFact,
    { handlers, collected, attempt }: { handlers: FactHandlers; collected: Collected[]; attempt: AttemptInHand },
  ): Promise<void> {
    const { consumer } = this.#options;
    const bound = collect(tx, this.#options.origin, causedBy(envelope), collected);
    const context = { consumer, fact: envelope, delivery, tx: bound, emit: bound.emit };
    try {
      const handled = attempt.run(() => handlers.handle(envelope.type, envelope.data, context));
      await withDeadline(`the handler of ${envelope.type}`, this.deadlineMs, handled);
    } catch (error) {
      if (error instanceof DeadlineExceeded) this.condemn(envelope.id, error);
      throw error;
    }
  }

  /** @throws what one of the handlers has let go of, and then it is known whose it was */
  async throwIfStray(inHand: readonly { readonly id: string; readonly attempt: AttemptInHand }[]): Promise<void> {
    const stray = await findStray(inHand);
    if (!stray) return;
    if (!(stray.error instanceof DatabaseUnavailable)) this.condemn(stray.of.id, stray.error);
    throw stray.error;
  }

  /** All that may count against one fact: its locks, its handler, what that let go of, and what it announces. */
  async handleAlone(tx: Transaction, message: ReadFact, handlers: FactHandlers): Promise<void> {
    const collected: Collected[] = [];
    const attempt = new AttemptInHand();
    await this.lock(tx, [message.envelope]);
    await this.handle(tx, message, { handlers, collected, attempt });
    const stray = await findStray([{ attempt }]);
    if (stray) throw stray.error;
    await writeOutbox(tx, this.#options.origin, collected);
  }

  /** How a fact that failed is set aside. */
  failed({ id, delivery }: FactMessage, { error }: Thrown): SetAside {
    const state = this.#options.parking && !(error instanceof Permanent) ? 'parked' : 'dead';
    const attempts = error instanceof HandledElsewhere ? 0 : error instanceof ProcessDied ? CHUNK_DEATHS + 1 : 1;
    return { id, delivery, state, failure: { error, attempts, firstFailedAt: new Date() } };
  }

  async copyDead(tx: Queryable, setAside: readonly SetAside[]): Promise<void> {
    const { consumer, origin } = this.#options;
    const copies = setAside.flatMap(({ delivery, state, failure }) =>
      state === 'dead' && failure
        ? [deadLetterCopy(origin.topology.deadLetterTopic(delivery.topic, consumer), consumer, delivery, failure)]
        : [],
    );
    await writeRows(tx, copies);
  }
}
