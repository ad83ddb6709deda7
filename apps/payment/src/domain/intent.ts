import type { Money } from '@cartwheel/primitives';
import {
  noteAuthorized,
  noteCaptured,
  noteCaptureFailed,
  noteDeclined,
  noteRefunded,
  noteVoided,
  type Payment,
} from './payment.ts';

/**
 * How an intent stands, in the gateway's own words. `unconfirmed` holds no money; `pending` is what may still become
 * something else by itself; `unknown`: the gateway did not say. Refunds are of an intent that was captured.
 */
export type Intent =
  | { readonly kind: 'unconfirmed' | 'requires-action' | 'authorized' | 'canceled' | 'pending' }
  | { readonly kind: 'declined'; readonly code: string }
  | { readonly kind: 'captured'; readonly received: Money }
  | { readonly kind: 'refunded'; readonly amount: Money }
  | { readonly kind: 'refund-pending' }
  | { readonly kind: 'refund-failed'; readonly code: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/**
 * The one place where the gateway's word becomes a payment's state: for the answer to a worker, for what was retrieved in
 * doubt, and for a webhook. `undefined`: it changes nothing, because it is not final, or the payment has moved on.
 */
export function noteIntent(payment: Payment, intent: Intent): Payment | undefined {
  switch (intent.kind) {
    case 'authorized':
      return noteAuthorized(payment);
    case 'declined':
      return noteDeclined(payment, intent.code);
    case 'captured':
      return noteCaptured(payment);
    case 'canceled':
      // Whoever canceled it: no money is held any more, and the state says what was asked for.
      return noteDeclined(payment, 'canceled') ?? noteCaptureFailed(payment) ?? noteVoided(payment);
    case 'refunded':
      return noteRefunded(payment, intent.amount);
    case 'unconfirmed':
    case 'requires-action':
    case 'pending':
    case 'refund-pending':
    case 'refund-failed':
    case 'unknown':
      return undefined;
  }
}
