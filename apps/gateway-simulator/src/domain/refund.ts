import type { Intent, Movement } from './intent.ts';
import { NotPossible, unexpectedState } from './not-possible.ts';

export type Refund = Readonly<{
  id: string;
  object: 'refund';
  amount: number;
  charge: string | null;
  created: number;
  currency: string;
  metadata: Readonly<Record<string, string>>;
  payment_intent: string;
  reason: string | null;
  status: 'pending' | 'succeeded' | 'failed';
  failure_reason?: string;
}>;

type Wish = Pick<Refund, 'id' | 'created' | 'metadata' | 'reason'> & { amount?: number | undefined };

/**
 * Gives back `amount`, or all that is left of what was received. Never more than that over all refunds of the intent.
 * A `pending` one moves no money yet.
 */
export function refund(
  intent: Intent,
  refundedBefore: number,
  wish: Wish,
  status: 'pending' | 'succeeded' = 'succeeded',
): { refund: Refund; movement?: Movement } {
  if (intent.status !== 'succeeded') throw unexpectedState(intent, 'refunded');
  const left = intent.amount_received - refundedBefore;
  if (left === 0) throw new NotPossible('All of it has been refunded already.', { code: 'charge_already_refunded' });
  const { amount = left, ...rest } = wish;
  if (amount > left) {
    throw new NotPossible(`At most ${left} can still be refunded.`, { code: 'amount_too_large', param: 'amount' });
  }
  const { currency, latest_charge: charge, id: payment_intent } = intent;
  const made: Refund = { ...rest, object: 'refund', amount, charge, currency, payment_intent, status };
  return status === 'pending' ? { refund: made } : { refund: made, movement: movementOf(made) };
}

/** A pending refund ends: the money is back with the customer, or it never left. */
export function end(refund: Refund, as: 'succeeded' | 'failed'): { refund: Refund; movement?: Movement } {
  if (as === 'failed') return { refund: { ...refund, status: 'failed', failure_reason: 'declined' } };
  const ended: Refund = { ...refund, status: 'succeeded' };
  return { refund: ended, movement: movementOf(ended) };
}

/** The charge as `charge.refunded` shows it: it carries the intent's metadata, as Stripe's does. */
export function refundedCharge(intent: Intent, { amount }: Refund): object {
  return {
    id: intent.latest_charge,
    object: 'charge',
    amount: intent.amount_received,
    amount_refunded: amount,
    metadata: intent.metadata,
    payment_intent: intent.id,
    refunded: amount === intent.amount_received,
  };
}

function movementOf({ amount }: Refund): Movement {
  return { operation: 'refund', amountMinor: amount };
}
