import { Injectable } from '@nestjs/common';
import Stripe from 'stripe';
import { config } from '../config.ts';
import type { Payment } from '../domain/payment.ts';
import { type CreatedIntent, type IntentState, PaymentGateway } from './payment-gateway.ts';

/**
 * The official SDK, against Stripe or the simulator. Its own retries are off: the retry ladder repeats, visibly, and with
 * the same key. Doubt means retrieve: after any error the gateway is asked how the intent stands, and only its answer
 * becomes an outcome.
 */
@Injectable()
export class StripeGateway extends PaymentGateway {
  private readonly stripe = connect(new URL(config.GATEWAY_URL));

  async create(payment: Payment): Promise<CreatedIntent> {
    try {
      const intent = await this.stripe.paymentIntents.create(
        {
          amount: payment.amount.amountMinor,
          currency: payment.amount.currency.toLowerCase(),
          capture_method: 'manual',
          payment_method: payment.paymentMethod,
          allowed_payment_method_types: ['card'],
          metadata: { orderId: payment.orderId, paymentId: payment.paymentId },
        },
        keyOf(payment, 'create'),
      );
      return { kind: 'created', intentId: intent.id };
    } catch (error) {
      return isRefusal(error) ? { kind: 'refused', code: codeOf(error) } : { kind: 'unknown', reason: codeOf(error) };
    }
  }

  authorize(payment: Payment): Promise<IntentState> {
    return this.settle(payment, (id) => this.stripe.paymentIntents.confirm(id, {}, keyOf(payment, 'authorize')));
  }

  capture(payment: Payment): Promise<IntentState> {
    return this.settle(payment, (id) => this.stripe.paymentIntents.capture(id, {}, keyOf(payment, 'capture')));
  }

  cancel(payment: Payment): Promise<IntentState> {
    return this.settle(payment, (id) => this.stripe.paymentIntents.cancel(id, {}, keyOf(payment, 'void')));
  }

  private async settle(
    payment: Payment,
    call: (intentId: string) => Promise<Stripe.PaymentIntent>,
  ): Promise<IntentState> {
    const { intentId } = payment;
    if (intentId === undefined) throw new Error(`payment ${payment.paymentId} has no intent to ask about`);
    try {
      return stateOf(await call(intentId).catch(() => this.stripe.paymentIntents.retrieve(intentId)));
    } catch (error) {
      return { kind: 'unknown', reason: codeOf(error) };
    }
  }
}

function connect({ hostname, port, protocol }: URL): Stripe {
  const scheme = protocol === 'https:' ? 'https' : 'http';
  return new Stripe(config.GATEWAY_API_KEY, {
    host: hostname,
    port: port === '' ? (scheme === 'https' ? 443 : 80) : Number(port),
    protocol: scheme,
    maxNetworkRetries: 0,
    timeout: config.GATEWAY_TIMEOUT_MS,
    telemetry: false,
  });
}

/** https://docs.stripe.com/payments/paymentintents/lifecycle */
function stateOf(intent: Stripe.PaymentIntent): IntentState {
  switch (intent.status) {
    case 'requires_capture':
      return { kind: 'authorized' };
    case 'succeeded':
      return { kind: 'captured' };
    case 'canceled':
      return { kind: 'canceled' };
    case 'requires_action':
      return { kind: 'requires-action' };
    case 'requires_payment_method': {
      const failure = intent.last_payment_error;
      return failure
        ? { kind: 'declined', code: failure.decline_code ?? failure.code ?? 'declined' }
        : { kind: 'pending' };
    }
    default:
      return { kind: 'pending' };
  }
}

function keyOf(payment: Payment, operation: 'create' | 'authorize' | 'capture' | 'void') {
  return { idempotencyKey: `${payment.paymentId}:${operation}:1` };
}

/** A 4xx that no repeat will change. 401 and 403 are our own configuration, 409 and 429 say "not now". */
function isRefusal(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeError && [400, 402, 404].includes(error.statusCode ?? 0);
}

function codeOf(error: unknown): string {
  if (!(error instanceof Stripe.errors.StripeError)) return 'unreachable';
  return error.decline_code ?? error.code ?? error.type;
}
