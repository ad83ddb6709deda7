import type { Answer, Failure } from '../domain/answer.ts';
import type { Operation } from '../domain/attempts.ts';
import type { Intent } from '../domain/intent.ts';
import { attempt, type Payment } from '../domain/payment.ts';

export type Created =
  { readonly kind: 'created'; readonly intentId: string } | { readonly kind: 'failed'; readonly failure: Failure };

/**
 * The card network. Every call may be repeated: it carries an idempotency key. None of them throws: in doubt the gateway is
 * asked how the intent stands, and if it does not say, that is the answer.
 */
export abstract class PaymentGateway {
  /** Creates the intent without confirming it: it holds no money yet. */
  abstract create(payment: Payment): Promise<Created>;
  /** Confirms the intent, which holds the money. */
  abstract authorize(payment: Payment): Promise<Answer>;
  abstract capture(payment: Payment): Promise<Answer>;
  abstract cancel(payment: Payment): Promise<Answer>;
  /** Gives back all that was received, unless that is under way or done. */
  abstract refund(payment: Payment): Promise<Answer>;
  /** How the intent stands; while the payment is refunding, how its refund does. */
  abstract retrieve(payment: Payment): Promise<Intent>;
}

/** `<paymentId>:<operation>:<n>`: the same until the attempt under it is known to be over and to have had no effect. */
export function idempotencyKey(payment: Payment, operation: Operation): string {
  return `${payment.paymentId}:${operation}:${attempt(payment, operation).n}`;
}
