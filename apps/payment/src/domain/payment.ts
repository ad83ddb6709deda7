import type { Money } from '@cartwheel/primitives';
import { type Attempts, NO_ATTEMPT, type Operation } from './attempts.ts';

/**
 *   authorizing ──▶ authorized ──▶ capturing ──▶ captured ──▶ refunding ──▶ refunded
 *     │   │             │              └──────▶ capture_failed
 *     │   └─▶ declined  └─▶ voiding ──▶ voided
 *     └──────────────────────▲  └ (no intent recorded yet: at once) ▲
 *
 * A state that ends in -ing has a task under way.
 */
export const paymentStates = [
  'authorizing',
  'authorized',
  'declined',
  'capturing',
  'captured',
  'capture_failed',
  'voiding',
  'voided',
  'refunding',
  'refunded',
] as const;
export type PaymentState = (typeof paymentStates)[number];

/** Each step, the states it leads from, and where to. In any other state it is a repeat, or too late: `undefined`, no change. */
export const steps = {
  noteAuthorized: { authorizing: 'authorized' },
  noteDeclined: { authorizing: 'declined' },
  requestCapture: { authorized: 'capturing' },
  noteCaptured: { capturing: 'captured' },
  noteCaptureFailed: { capturing: 'capture_failed' },
  requestVoid: { authorizing: 'voiding', authorized: 'voiding' },
  noteVoided: { voiding: 'voided' },
  requestRefund: { captured: 'refunding' },
  noteRefunded: { refunding: 'refunded' },
} as const satisfies Record<string, Partial<Record<PaymentState, PaymentState>>>;

export type Payment = {
  readonly paymentId: string;
  readonly orderId: string;
  readonly state: PaymentState;
  readonly amount: Money;
  readonly paymentMethod: string;
  /** What was asked of the gateway so far, by operation. */
  readonly attempts: Attempts;
  /** The gateway's PaymentIntent, once it is recorded. */
  readonly intentId?: string | undefined;
  /** Why it was declined or the capture failed, in the gateway's words. */
  readonly failureCode?: string | undefined;
  /** What went back to the customer, as the gateway says. */
  readonly refunded?: Money | undefined;
};

export function begin(payment: Pick<Payment, 'paymentId' | 'orderId' | 'amount' | 'paymentMethod'>): Payment {
  return { ...payment, state: 'authorizing', attempts: {} };
}

/**
 * Written down before the intent is confirmed: from then on a void knows what to cancel. The first one stays: two workers
 * with the same task may each have created one, and both must go on with the one that a void will find.
 */
export function recordIntent(payment: Payment, intentId: string): Payment | undefined {
  return payment.state === 'authorizing' && payment.intentId === undefined ? { ...payment, intentId } : undefined;
}

export function noteAuthorized(payment: Payment): Payment | undefined {
  return step('noteAuthorized', payment);
}

export function noteDeclined(payment: Payment, failureCode: string): Payment | undefined {
  return step('noteDeclined', { ...payment, failureCode });
}

/** No intent will ever be accepted. Not if another worker recorded one: then that one decides. */
export function noteNeverCreated(payment: Payment, failureCode: string): Payment | undefined {
  return payment.intentId === undefined ? noteDeclined(payment, failureCode) : undefined;
}

export function requestCapture(payment: Payment): Payment | undefined {
  return step('requestCapture', payment);
}

export function noteCaptured(payment: Payment): Payment | undefined {
  return step('noteCaptured', payment);
}

/** Called for an intent that is canceled. What the gateway refused before says more about it than that. */
export function noteCaptureFailed(payment: Payment): Payment | undefined {
  return step('noteCaptureFailed', { ...payment, failureCode: attempt(payment, 'capture').refusal ?? 'canceled' });
}

/** An intent that is not recorded was never confirmed and holds no money: there is nothing to cancel at the gateway. */
export function requestVoid(payment: Payment): Payment | undefined {
  if (payment.state === 'authorizing' && payment.intentId === undefined) return { ...payment, state: 'voided' };
  return step('requestVoid', payment);
}

export function noteVoided(payment: Payment): Payment | undefined {
  return step('noteVoided', payment);
}

export function requestRefund(payment: Payment): Payment | undefined {
  return step('requestRefund', payment);
}

export function noteRefunded(payment: Payment, refunded: Money): Payment | undefined {
  return step('noteRefunded', { ...payment, refunded });
}

/** How far an operation of this payment has come. */
export function attempt(payment: Payment, operation: Operation) {
  return payment.attempts[operation] ?? NO_ATTEMPT;
}

function step(name: keyof typeof steps, payment: Payment): Payment | undefined {
  const leads: Partial<Record<PaymentState, PaymentState>> = steps[name];
  const to = leads[payment.state];
  return to && { ...payment, state: to };
}
