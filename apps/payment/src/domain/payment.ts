import type { Money } from '@cartwheel/primitives';

/**
 *   authorizing ──▶ authorized ──▶ capturing ──▶ captured
 *     │   │             │              └──────▶ capture_failed
 *     │   └─▶ declined  └─▶ voiding ──▶ voided
 *     └──────────────────────▲  └ (no intent recorded yet: at once) ▲
 *
 * A state that ends in -ing has a task under way. Every function answers `undefined` when the payment is not in the state
 * it leads from: a repeat, or something that came too late.
 */
export type PaymentState =
  'authorizing' | 'authorized' | 'declined' | 'capturing' | 'captured' | 'capture_failed' | 'voiding' | 'voided';

export type Payment = {
  readonly paymentId: string;
  readonly orderId: string;
  readonly state: PaymentState;
  readonly amount: Money;
  readonly paymentMethod: string;
  /** The gateway's PaymentIntent, once it is recorded. */
  readonly intentId?: string | undefined;
  /** Why it was declined or the capture failed, in the gateway's words. */
  readonly failureCode?: string | undefined;
};

export function begin(payment: Pick<Payment, 'paymentId' | 'orderId' | 'amount' | 'paymentMethod'>): Payment {
  return { ...payment, state: 'authorizing' };
}

/** Written down before the intent is confirmed: from then on a void knows what to cancel. */
export function recordIntent(payment: Payment, intentId: string): Payment | undefined {
  return payment.state === 'authorizing' ? { ...payment, intentId } : undefined;
}

export function noteAuthorized(payment: Payment): Payment | undefined {
  return from('authorizing', payment, 'authorized');
}

export function noteDeclined(payment: Payment, failureCode: string): Payment | undefined {
  return from('authorizing', { ...payment, failureCode }, 'declined');
}

export function requestCapture(payment: Payment): Payment | undefined {
  return from('authorized', payment, 'capturing');
}

export function noteCaptured(payment: Payment): Payment | undefined {
  return from('capturing', payment, 'captured');
}

export function noteCaptureFailed(payment: Payment, failureCode: string): Payment | undefined {
  return from('capturing', { ...payment, failureCode }, 'capture_failed');
}

/** An intent that is not recorded was never confirmed and holds no money: there is nothing to cancel at the gateway. */
export function requestVoid(payment: Payment): Payment | undefined {
  if (payment.state === 'authorizing' && payment.intentId === undefined) return { ...payment, state: 'voided' };
  return from('authorizing', payment, 'voiding') ?? from('authorized', payment, 'voiding');
}

export function noteVoided(payment: Payment): Payment | undefined {
  return from('voiding', payment, 'voided');
}

function from(state: PaymentState, payment: Payment, to: PaymentState): Payment | undefined {
  return payment.state === state ? { ...payment, state: to } : undefined;
}
