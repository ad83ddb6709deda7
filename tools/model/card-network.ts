import type { Intent, Movement } from '../../apps/gateway-simulator/src/domain/intent.ts';
import { NotPossible, unexpectedState } from '../../apps/gateway-simulator/src/domain/not-possible.ts';
import { end, type Refund, refund } from '../../apps/gateway-simulator/src/domain/refund.ts';
import { askForAction, cancel, capture, confirm, create } from '../../apps/gateway-simulator/src/domain/transitions.ts';
import type { Answer, Failure } from '../../apps/payment/src/domain/answer.ts';
import type { Intent as Word } from '../../apps/payment/src/domain/intent.ts';
import type { Payment } from '../../apps/payment/src/domain/payment.ts';
import { type Created, idempotencyKey, PaymentGateway } from '../../apps/payment/src/gateway/payment-gateway.ts';
import { intentOf, refundOf } from '../../apps/payment/src/gateway/stripe-answers.ts';
import { Died, type Fate } from './running.ts';

export const cards = ['good', 'declined', 'asks-for-action', 'capture-declined', 'refund-pending'] as const;
export type Card = (typeof cards)[number];

class CallFailed extends Error {
  readonly failure: Failure;

  constructor(kind: Failure['kind'], code: string) {
    super(code);
    this.failure = { kind, code };
  }
}

/** The gateway's own books, by the rules of the simulator's domain. It keeps what it answered to each key, also a failure. */
export class CardNetwork {
  readonly intents = new Map<string, Intent>();
  readonly refunds = new Map<string, Refund>();
  readonly ledger: (Movement & { readonly orderId: string })[] = [];
  readonly webhooks: { readonly eventId: string; readonly paymentId: string }[] = [];
  readonly #answers = new Map<string, () => unknown>();
  #count = 0;

  create({ orderId, paymentId, amount, paymentMethod }: Payment): Intent {
    const metadata = { orderId, paymentId };
    const terms = { amount: amount.amountMinor, currency: 'eur', metadata, description: null, created: 0 };
    const intent = create({ ...terms, id: this.#id('pi'), client_secret: '' }, paymentMethod);
    this.intents.set(intent.id, intent);
    return intent;
  }

  confirm(id: string): Intent {
    const intent = this.intents.get(id)!;
    // A decline has taken the card away: without one there is nothing to confirm.
    if (intent.payment_method === null) throw unexpectedState(intent, 'confirmed');
    const card = intent.payment_method as Card;
    if (card === 'asks-for-action') return this.#save(askForAction(intent));
    const decline = { code: 'card_declined', message: 'no' };
    const attempt = { paymentMethod: card, charge: this.#id('ch'), ...(card === 'declined' && { decline }) };
    const confirmed = this.#save(confirm(intent, attempt));
    if (card === 'declined') throw new CallFailed('refused', 'card_declined');
    return confirmed;
  }

  capture(id: string): Intent {
    const intent = this.intents.get(id)!;
    if (intent.payment_method === 'capture-declined' && intent.status === 'requires_capture') {
      throw new CallFailed('refused', 'do_not_honor');
    }
    return this.#save(capture(intent));
  }

  cancel(id: string): Intent {
    return this.#save(cancel(this.intents.get(id)!, 0, null));
  }

  refund(id: string, amount: number, attempt: string): Refund {
    const intent = this.intents.get(id)!;
    const before = this.refundsOf(id).filter(({ status }) => status !== 'failed');
    const wish = { id: this.#id('re'), created: 0, metadata: { attempt }, reason: null, amount };
    const status = intent.payment_method === 'refund-pending' ? 'pending' : 'succeeded';
    return this.#keep(intent, refund(intent, sum(before.map((made) => made.amount)), wish, status));
  }

  endRefund(id: string, as: 'succeeded' | 'failed'): void {
    const made = this.refunds.get(id)!;
    this.#keep(this.intents.get(made.payment_intent)!, end(made, as));
  }

  refundsOf(id: string): Refund[] {
    return [...this.refunds.values()].filter(({ payment_intent }) => payment_intent === id);
  }

  /** The first request under a key is carried out; later ones get its answer. Stripe forgets a key after a day. */
  answerOnce<T>(key: string, fate: Fate, act: () => T): T {
    if (fate === 'dies-before') throw new Died();
    if (fate === 'away') throw new CallFailed('busy', 'unreachable');
    if (fate === 'forgotten') this.#answers.delete(key);
    const kept = this.#answers.get(key) ?? remembered(fate === 'fails' ? serverError : act);
    this.#answers.set(key, kept);
    if (fate === 'dies-after') throw new Died();
    if (fate === 'answer-lost') throw new CallFailed('busy', 'no_answer');
    return kept() as T;
  }

  #save({ intent, movement, announces }: ReturnType<typeof capture>): Intent {
    this.intents.set(intent.id, intent);
    const { orderId, paymentId } = intent.metadata as { orderId: string; paymentId: string };
    if (movement) this.ledger.push({ ...movement, orderId });
    if (announces) this.webhooks.push({ eventId: this.#id('evt'), paymentId });
    return intent;
  }

  #keep(intent: Intent, { refund: made, movement }: { refund: Refund; movement?: Movement }): Refund {
    this.refunds.set(made.id, made);
    const { orderId, paymentId } = intent.metadata as { orderId: string; paymentId: string };
    if (movement) this.ledger.push({ ...movement, orderId });
    this.webhooks.push({ eventId: this.#id('evt'), paymentId });
    return made;
  }

  #id(kind: string): string {
    return `${kind}_${(this.#count += 1)}`;
  }
}

/**
 * `StripeGateway` without its SDK: the calls, and "doubt means retrieve", written after it. The words of the answers are
 * translated by its own `intentOf` and `refundOf`.
 */
export class ModelGateway extends PaymentGateway {
  readonly #network: CardNetwork;
  readonly #turn: () => Promise<Fate>;

  constructor(network: CardNetwork, turn: () => Promise<Fate>) {
    super();
    this.#network = network;
    this.#turn = turn;
  }

  async create(payment: Payment): Promise<Created> {
    const made = await this.#call(idempotencyKey(payment, 'create'), () => this.#network.create(payment));
    return 'failure' in made
      ? { kind: 'failed', failure: made.failure }
      : { kind: 'created', intentId: made.answer.id };
  }

  authorize(payment: Payment): Promise<Answer> {
    return this.#settle(payment, idempotencyKey(payment, 'authorize'), (id) => this.#network.confirm(id));
  }

  capture(payment: Payment): Promise<Answer> {
    return this.#settle(payment, idempotencyKey(payment, 'capture'), (id) => this.#network.capture(id));
  }

  cancel(payment: Payment): Promise<Answer> {
    return this.#settle(payment, idempotencyKey(payment, 'void'), (id) => this.#network.cancel(id));
  }

  async refund(payment: Payment): Promise<Answer> {
    const before = await this.retrieve(payment);
    if (before.kind !== 'captured') return { intent: before };
    const key = idempotencyKey(payment, 'refund');
    const amount = before.received.amountMinor;
    const made = await this.#call(key, () => this.#network.refund(payment.intentId!, amount, key));
    return { intent: await this.retrieve(payment), failure: 'failure' in made ? made.failure : undefined };
  }

  async retrieve(payment: Payment): Promise<Word> {
    const fate = await this.#turn();
    if (fate === 'dies-before' || fate === 'dies-after') throw new Died();
    if (fate !== 'works' && fate !== 'forgotten') return { kind: 'unknown', reason: fate };
    const intent = this.#network.intents.get(payment.intentId!)!;
    if (payment.state !== 'refunding' || intent.status !== 'succeeded') return intentOf(intent as never);
    return refundOf(intent as never, this.#network.refundsOf(intent.id) as never, idempotencyKey(payment, 'refund'));
  }

  async #settle(payment: Payment, key: string, act: (intentId: string) => Intent): Promise<Answer> {
    const made = await this.#call(key, () => act(payment.intentId!));
    if ('failure' in made) return { intent: await this.retrieve(payment), failure: made.failure };
    const intent = intentOf(made.answer as never);
    const isFinal = ['authorized', 'captured', 'canceled', 'declined'].includes(intent.kind);
    return { intent: isFinal ? intent : await this.retrieve(payment) };
  }

  async #call<T>(key: string, act: () => T): Promise<{ answer: T } | { failure: Failure }> {
    const fate = await this.#turn();
    try {
      return { answer: this.#network.answerOnce(key, fate, act) };
    } catch (error) {
      if (error instanceof CallFailed) return { failure: error.failure };
      if (error instanceof NotPossible) return { failure: { kind: 'refused', code: error.details.code } };
      throw error;
    }
  }
}

function serverError(): never {
  throw new CallFailed('broken', 'api_error');
}

/** What it came to, as often as one asks. */
function remembered(act: () => unknown): () => unknown {
  try {
    const value = act();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
