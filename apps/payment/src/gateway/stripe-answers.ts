import { money, type Money } from '@cartwheel/primitives';
import Stripe from 'stripe';
import type { Failure } from '../domain/answer.ts';
import type { Intent } from '../domain/intent.ts';
import { circuitRefusal } from './gateway-circuit.ts';

/** https://docs.stripe.com/payments/paymentintents/lifecycle */
export function intentOf(intent: Stripe.PaymentIntent): Intent {
  switch (intent.status) {
    case 'requires_capture':
      return { kind: 'authorized' };
    case 'succeeded':
      return { kind: 'captured', received: receivedOf(intent) };
    case 'canceled':
      return { kind: 'canceled' };
    case 'requires_action':
      return { kind: 'requires-action' };
    case 'requires_confirmation':
      return { kind: 'unconfirmed' };
    case 'requires_payment_method': {
      const failure = intent.last_payment_error;
      return failure
        ? { kind: 'declined', code: failure.decline_code ?? failure.code ?? 'declined' }
        : { kind: 'unconfirmed' };
    }
    default:
      return { kind: 'pending' };
  }
}

/**
 * Where the refund of a captured intent stands. `captured` when none is under way under this key. One that was made under an
 * earlier key is known to have failed. https://docs.stripe.com/refunds
 */
export function refundOf(intent: Stripe.PaymentIntent, refunds: readonly Stripe.Refund[], key: string): Intent {
  const received = receivedOf(intent);
  const succeeded = refunds.filter(({ status }) => status === 'succeeded');
  const back = succeeded.reduce((sum, { amount }) => sum + amount, 0);
  if (back >= received.amountMinor) return { kind: 'refunded', amount: money(back, received.currency) };
  if (refunds.some(({ status }) => status === 'pending' || status === 'requires_action')) {
    return { kind: 'refund-pending' };
  }
  const own = refunds.find(({ metadata, status }) => metadata?.['attempt'] === key && status !== 'succeeded');
  return own ? { kind: 'refund-failed', code: own.failure_reason ?? 'unknown' } : { kind: 'captured', received };
}

/** What the gateway took, which is what it can give back. */
function receivedOf({ amount_received, currency }: Stripe.PaymentIntent): Money {
  return money(amount_received, currency.toUpperCase());
}

/** A 4xx that no repeat will change is a refusal. 401 and 403 are our own configuration; 409 and 429 say "not now". */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Stripe.errors.StripeError)) return { kind: 'busy', code: circuitRefusal(error) };
  // Not `??`: the SDK says '' where Stripe said nothing.
  const code = error.decline_code || error.code || error.type;
  if (error instanceof Stripe.errors.StripeRateLimitError) return { kind: 'busy', code: 'rate_limited' };
  if (error instanceof Stripe.errors.StripeConnectionError) return { kind: 'busy', code: 'unreachable' };
  if (error instanceof Stripe.errors.StripeIdempotencyError) return { kind: 'broken', code: 'key_reused' };
  const status = error.statusCode ?? 0;
  if (status >= 500) return { kind: 'broken', code };
  return { kind: [400, 402, 404].includes(status) ? 'refused' : 'busy', code };
}
