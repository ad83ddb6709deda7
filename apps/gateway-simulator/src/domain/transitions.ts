import type { Change, Intent } from './intent.ts';
import { NotPossible, unexpectedState } from './not-possible.ts';
import type { Decline } from './payment-methods.ts';

// Each function is one arrow of the diagram in intent.ts. One that does not start at the intent's state throws NotPossible.

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

/** The card network wants to see the customer. */
export function askForAction(intent: Intent): Change {
  if (!isUnconfirmed(intent)) throw unexpectedState(intent, 'confirmed');
  const asked = {
    ...intent,
    status: 'requires_action' as const,
    next_action: { type: 'use_stripe_sdk' as const, use_stripe_sdk: {} },
  };
  return { intent: asked, announces: 'payment_intent.requires_action' };
}

export function capture(intent: Intent, amountMinor = intent.amount_capturable): Change {
  if (intent.status !== 'requires_capture') throw unexpectedState(intent, 'captured');
  if (amountMinor > intent.amount_capturable) {
    const message = `At most ${intent.amount_capturable} can be captured.`;
    throw new NotPossible(message, { code: 'amount_too_large', param: 'amount_to_capture' });
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
    next_action: null,
    cancellation_reason: reason,
  };
  const announces = 'payment_intent.canceled' as const;
  return intent.amount_capturable > 0
    ? { intent: ended, movement: { operation: 'cancel', amountMinor: intent.amount_capturable }, announces }
    : { intent: ended, announces };
}

const isUnconfirmed = ({ status }: Intent) =>
  status === 'requires_payment_method' || status === 'requires_confirmation';
