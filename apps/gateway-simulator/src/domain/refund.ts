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
  status: 'succeeded';
}>;

type Wish = Pick<Refund, 'id' | 'created' | 'metadata' | 'reason'> & { amount?: number | undefined };

/** Gives back `amount`, or all that is left of what was received. Never more than that over all refunds of the intent. */
export function refund(intent: Intent, refundedBefore: number, wish: Wish): { refund: Refund; movement: Movement } {
  if (intent.status !== 'succeeded') throw unexpectedState(intent, 'refunded');
  const left = intent.amount_received - refundedBefore;
  if (left === 0) throw new NotPossible('All of it has been refunded already.', { code: 'charge_already_refunded' });
  const { amount = left, ...rest } = wish;
  if (amount > left) {
    throw new NotPossible(`At most ${left} can still be refunded.`, { code: 'amount_too_large', param: 'amount' });
  }
  const { currency, latest_charge: charge, id: payment_intent } = intent;
  return {
    refund: { ...rest, object: 'refund', amount, charge, currency, payment_intent, status: 'succeeded' },
    movement: { operation: 'refund', amountMinor: amount },
  };
}
