import type { Money } from '@cartwheel/primitives';
import Stripe from 'stripe';
import type { Answer, Failure } from '../domain/answer.ts';
import type { Operation } from '../domain/attempts.ts';
import type { Intent } from '../domain/intent.ts';
import type { Payment } from '../domain/payment.ts';
import { GatewayCircuit } from './gateway-circuit.ts';
import { type Created, idempotencyKey, PaymentGateway } from './payment-gateway.ts';
import { failureOf, intentOf, refundOf } from './stripe-answers.ts';

export type StripeSettings = { readonly url: string; readonly apiKey: string; readonly timeoutMs: number };

/** What of an answer to a call can be believed: it may be a replay of long ago. The rest is retrieved. */
const FINAL: readonly Intent['kind'][] = ['authorized', 'captured', 'canceled', 'declined'];

/**
 * The official SDK, against Stripe or the simulator. Its own retries are off: the retry ladder repeats, visibly, and with
 * the same key. Doubt means retrieve: after any error the gateway is asked how the intent stands, and only its answer
 * becomes an outcome.
 */
export class StripeGateway extends PaymentGateway {
  readonly #stripe: Stripe;
  readonly #circuit: GatewayCircuit;

  constructor(settings: StripeSettings) {
    super();
    this.#stripe = connect(settings);
    this.#circuit = new GatewayCircuit(settings.timeoutMs);
  }

  async create(payment: Payment): Promise<Created> {
    const { orderId, paymentId, amount, paymentMethod } = payment;
    try {
      const intent = await this.#circuit.call('create', () =>
        this.#stripe.paymentIntents.create(
          {
            amount: amount.amountMinor,
            currency: amount.currency.toLowerCase(),
            capture_method: 'manual',
            payment_method: paymentMethod,
            allowed_payment_method_types: ['card'],
            metadata: { orderId, paymentId },
          },
          under(payment, 'create'),
        ),
      );
      return { kind: 'created', intentId: intent.id };
    } catch (error) {
      return { kind: 'failed', failure: failureOf(error) };
    }
  }

  authorize(payment: Payment): Promise<Answer> {
    return this.#settle(payment, 'authorize', (id, options) => this.#stripe.paymentIntents.confirm(id, {}, options));
  }

  capture(payment: Payment): Promise<Answer> {
    return this.#settle(payment, 'capture', (id, options) => this.#stripe.paymentIntents.capture(id, {}, options));
  }

  cancel(payment: Payment): Promise<Answer> {
    return this.#settle(payment, 'void', (id, options) => this.#stripe.paymentIntents.cancel(id, {}, options));
  }

  async refund(payment: Payment): Promise<Answer> {
    const before = await this.retrieve(payment);
    if (before.kind !== 'captured') return { intent: before };
    const failure = await this.#createRefund(payment, before.received);
    return { intent: await this.retrieve(payment), failure };
  }

  async retrieve(payment: Payment): Promise<Intent> {
    const id = intentIdOf(payment);
    try {
      const intent = await this.#circuit.call('retrieve', () => this.#stripe.paymentIntents.retrieve(id));
      if (payment.state !== 'refunding' || intent.status !== 'succeeded') return intentOf(intent);
      const refunds = await this.#circuit.call('list refunds', () =>
        this.#stripe.refunds.list({ payment_intent: id, limit: 100 }),
      );
      return refundOf(intent, refunds.data, idempotencyKey(payment, 'refund'));
    } catch (error) {
      return { kind: 'unknown', reason: failureOf(error).code };
    }
  }

  async #settle(
    payment: Payment,
    operation: Operation,
    call: (intentId: string, options: Stripe.RequestOptions) => Promise<Stripe.PaymentIntent>,
  ): Promise<Answer> {
    let failure: Failure | undefined;
    try {
      const answer = () => call(intentIdOf(payment), under(payment, operation));
      const intent = intentOf(await this.#circuit.call(operation, answer));
      if (FINAL.includes(intent.kind)) return { intent };
    } catch (error) {
      failure = failureOf(error);
    }
    return { intent: await this.retrieve(payment), failure };
  }

  /** Its answer is not looked at: the list of refunds says more, also when the answer is lost. */
  async #createRefund(payment: Payment, { amountMinor }: Money): Promise<Failure | undefined> {
    const { orderId, paymentId } = payment;
    const payment_intent = intentIdOf(payment);
    const attempt = idempotencyKey(payment, 'refund');
    try {
      await this.#circuit.call('refund', () =>
        this.#stripe.refunds.create(
          { payment_intent, amount: amountMinor, metadata: { orderId, paymentId, attempt } },
          { idempotencyKey: attempt },
        ),
      );
      return undefined;
    } catch (error) {
      return failureOf(error);
    }
  }
}

function connect({ url, apiKey, timeoutMs }: StripeSettings): Stripe {
  const { hostname, port, protocol } = new URL(url);
  const scheme = protocol === 'https:' ? 'https' : 'http';
  return new Stripe(apiKey, {
    host: hostname,
    port: port === '' ? (scheme === 'https' ? 443 : 80) : Number(port),
    protocol: scheme,
    maxNetworkRetries: 0,
    timeout: timeoutMs,
    telemetry: false,
  });
}

function under(payment: Payment, operation: Operation) {
  return { idempotencyKey: idempotencyKey(payment, operation) };
}

function intentIdOf({ intentId, paymentId }: Payment): string {
  if (intentId === undefined) throw new Error(`payment ${paymentId} has no intent to ask about`);
  return intentId;
}
