import { z } from 'zod';
import { refund, refundedCharge } from '../domain/refund.ts';
import { newId } from '../new-id.ts';
import { cardOf, now } from './operation.ts';
import type { Call, Operation } from './operation.ts';
import { amountMinor, metadata, readParams, text } from './params.ts';

const Params = z.strictObject({
  payment_intent: text,
  amount: amountMinor.optional(),
  metadata,
  reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
});

export const createRefund: Operation = ({ params, key }: Call, books) => {
  const { payment_intent: intentId, amount, metadata, reason = null } = readParams(Params, params);
  const behaviour = cardOf(books.intent(intentId, 'payment_intent').payment_method);
  return {
    behaviour,
    perform() {
      const intent = books.intent(intentId, 'payment_intent');
      const wish = { id: newId('re'), created: now(), amount, metadata, reason };
      const status = behaviour.refunds ? 'pending' : 'succeeded';
      const given = refund(intent, books.refundedMinor(intentId), wish, status);
      books.saveRefund(given.refund, intent, given.movement, key);
      if (behaviour.refunds) books.refundLater(given.refund, behaviour.refunds);
      const news = { type: 'charge.refunded', object: refundedCharge(intent, given.refund) };
      return { status: 200, body: given.refund, movement: given.movement, news: given.movement && news };
    },
  };
};
