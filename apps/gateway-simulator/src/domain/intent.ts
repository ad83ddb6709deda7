/*
 *   requires_payment_method ──▶ requires_confirmation ──confirm──▶ requires_capture ──capture──▶ succeeded
 *        ▲         └───────────────confirm──────────────────────────────▲   │
 *        └──decline                                                         │
 *   every state left of succeeded ──cancel──▶ canceled ◀────────────────────┘
 *
 * requires_capture: amount_capturable = amount is held. succeeded: amount_received was taken, the rest let go.
 * In all other states nothing is held. The type is the object that Stripe sends; each function is one transition.
 */
import { invalidRequest, unexpectedState } from '../refusal.ts';
import type { StripeError } from '../refusal.ts';
import type { Decline } from './payment-methods.ts';

export type Status =
  'requires_payment_method' | 'requires_confirmation' | 'requires_capture' | 'succeeded' | 'canceled';

export type Intent = Readonly<{
  id: string;
  object: 'payment_intent';
  allowed_payment_method_types: readonly ['card'];
  amount: number;
  amount_capturable: number;
  amount_received: number;
  canceled_at: number | null;
  cancellation_reason: string | null;
  capture_method: 'manual';
  client_secret: string;
  confirmation_method: 'automatic';
  created: number;
  currency: string;
  customer: null;
  description: string | null;
  last_payment_error: StripeError | null;
  latest_charge: string | null;
  livemode: false;
  metadata: Readonly<Record<string, string>>;
  next_action: null;
  payment_method: string | null;
  payment_method_types: readonly ['card'];
  processing: null;
  status: Status;
}>;

export type Movement = Readonly<{
  operation: 'authorize' | 'decline' | 'capture' | 'cancel' | 'refund';
  amountMinor: number;
}>;

/** What a transition leads to: the new intent, the ledger entry if money was held or moved, the webhook if one is due. */
export type Change = Readonly<{
  intent: Intent;
  movement?: Movement;
  announces?: `payment_intent.${'amount_capturable_updated' | 'payment_failed' | 'succeeded' | 'canceled'}`;
}>;

type Terms = Pick<Intent, 'id' | 'amount' | 'currency' | 'metadata' | 'description' | 'client_secret' | 'created'>;

export const create = (terms: Terms, paymentMethod: string | null): Intent => ({
  ...terms,
  object: 'payment_intent',
  allowed_payment_method_types: ['card'],
  amount_capturable: 0,
  amount_received: 0,
  canceled_at: null,
  cancellation_reason: null,
  capture_method: 'manual',
  confirmation_method: 'automatic',
  customer: null,
  last_payment_error: null,
  latest_charge: null,
  livemode: false,
  next_action: null,
  payment_method: paymentMethod,
  payment_method_types: ['card'],
  processing: null,
  status: paymentMethod ? 'requires_confirmation' : 'requires_payment_method',
});

export function confirm(intent: Intent, attempt: { paymentMethod: string; charge: string; decline?: Decline }): Change {
  if (!isUnconfirmed(intent)) throw unexpectedState(intent, 'confirmed');
  const { paymentMethod, charge, decline } = attempt;
  if (decline) {
    const refused = {
      ...intent,
      status: 'requires_payment_method' as const,
      payment_method: null,
      latest_charge: charge,
      last_payment_error: { type: 'card_error' as const, ...decline, charge },
    };
    const movement = { operation: 'decline' as const, amountMinor: intent.amount };
    return { intent: refused, movement, announces: 'payment_intent.payment_failed' };
  }
  const held = {
    ...intent,
    status: 'requires_capture' as const,
    payment_method: paymentMethod,
    latest_charge: charge,
    last_payment_error: null,
    amount_capturable: intent.amount,
  };
  const movement = { operation: 'authorize' as const, amountMinor: intent.amount };
  return { intent: held, movement, announces: 'payment_intent.amount_capturable_updated' };
}

export function capture(intent: Intent, amountMinor = intent.amount_capturable): Change {
  if (intent.status !== 'requires_capture') throw unexpectedState(intent, 'captured');
  if (amountMinor > intent.amount_capturable) {
    throw invalidRequest(`At most ${intent.amount_capturable} can be captured.`, {
      code: 'amount_too_large',
      param: 'amount_to_capture',
    });
  }
  const taken = { ...intent, status: 'succeeded' as const, amount_capturable: 0, amount_received: amountMinor };
  return { intent: taken, movement: { operation: 'capture', amountMinor }, announces: 'payment_intent.succeeded' };
}

/** Only a cancel that lets a hold go moves money; an unconfirmed intent ends without a ledger entry. */
export function cancel(intent: Intent, at: number, reason: string | null): Change {
  if (intent.status === 'succeeded' || intent.status === 'canceled') throw unexpectedState(intent, 'canceled');
  const ended = {
    ...intent,
    status: 'canceled' as const,
    amount_capturable: 0,
    canceled_at: at,
    cancellation_reason: reason,
  };
  const announces = 'payment_intent.canceled' as const;
  return intent.amount_capturable > 0
    ? { intent: ended, movement: { operation: 'cancel', amountMinor: intent.amount_capturable }, announces }
    : { intent: ended, announces };
}

const isUnconfirmed = ({ status }: Intent) =>
  status === 'requires_payment_method' || status === 'requires_confirmation';
