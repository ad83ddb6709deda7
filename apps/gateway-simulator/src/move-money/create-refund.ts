import { z } from 'zod';
import { refund } from '../domain/refund.ts';
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
  return {
    behaviour: cardOf(books.intent(intentId, 'payment_intent').payment_method),
    perform() {
      const intent = books.intent(intentId, 'payment_intent');
      const wish = { id: newId('re'), created: now(), amount, metadata, reason };
      const given = refund(intent, books.refundedMinor(intentId), wish);
      books.saveRefund(given.refund, intent, given.movement, key);
      return { status: 200, body: given.refund, change: { movement: given.movement } };
    },
  };
};
