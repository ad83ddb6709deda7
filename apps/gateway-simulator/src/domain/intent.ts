/*
 *   requires_payment_method ──▶ requires_confirmation ──confirm──▶ requires_capture ──capture──▶ succeeded
 *        ▲         └───────────────confirm──────────────────────────────▲   │
 *        └──decline                     └──confirm──▶ requires_action      │
 *   every state left of succeeded ──cancel──▶ canceled ◀────────────────────┘
 *
 * requires_action: the customer would have to prove who they are. Nobody does here: it can only be canceled.
 * requires_capture: amount_capturable = amount is held. succeeded: amount_received was taken, the rest let go.
 * In all other states nothing is held. The type is the object that Stripe sends; transitions.ts has a function per arrow.
 */

export type Status =
  | 'requires_payment_method'
  | 'requires_confirmation'
  | 'requires_action'
  | 'requires_capture'
  | 'succeeded'
  | 'canceled';

export type CardError = Readonly<{
  type: 'card_error';
  code: string;
  decline_code?: string;
  message: string;
  charge: string;
}>;

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
  last_payment_error: CardError | null;
  latest_charge: string | null;
  livemode: false;
  metadata: Readonly<Record<string, string>>;
  next_action: { type: 'use_stripe_sdk'; use_stripe_sdk: object } | null;
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
  announces?: `payment_intent.${'amount_capturable_updated' | 'payment_failed' | 'succeeded' | 'canceled' | 'requires_action'}`;
}>;
