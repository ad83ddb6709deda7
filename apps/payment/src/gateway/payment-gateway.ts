import type { Payment } from '../domain/payment.ts';

/**
 * What the gateway itself says about an intent. `pending` is for everything that may still become something else, `unknown`
 * for a gateway that did not say: both mean "ask again", never "it failed".
 */
export type IntentState =
  | { readonly kind: 'authorized' }
  | { readonly kind: 'captured' }
  | { readonly kind: 'canceled' }
  | { readonly kind: 'declined'; readonly code: string }
  | { readonly kind: 'requires-action' }
  | { readonly kind: 'pending' }
  | { readonly kind: 'unknown'; readonly reason: string };

export type CreatedIntent =
  | { readonly kind: 'created'; readonly intentId: string }
  /** A request that will never be accepted. No intent exists. */
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** The card network. Every call may be repeated: it carries an idempotency key made of the payment and the operation. */
export abstract class PaymentGateway {
  /** Creates the intent without confirming it: it holds no money yet. */
  abstract create(payment: Payment): Promise<CreatedIntent>;
  /** Confirms the intent, which holds the money. */
  abstract authorize(payment: Payment): Promise<IntentState>;
  abstract capture(payment: Payment): Promise<IntentState>;
  abstract cancel(payment: Payment): Promise<IntentState>;
}
