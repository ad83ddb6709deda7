import { z } from 'zod';
import { unexpectedState } from '../domain/not-possible.ts';
import { askForAction, confirm } from '../domain/transitions.ts';
import { newId } from '../new-id.ts';
import { behaviour, cardOf, outcomeOf } from './operation.ts';
import type { Call, Operation } from './operation.ts';
import { readParams, text } from './params.ts';

const Params = z.strictObject({ payment_method: text.optional() });

/** Authorizes: the whole amount is held, or the card declines. */
export const confirmIntent: Operation = ({ id, params, key }: Call, books) => {
  const asked = readParams(Params, params).payment_method;
  const card = asked ? behaviour(asked) : cardOf(books.intent(id).payment_method);
  books.intent(id);
  return {
    behaviour: card,
    thinksMs: card.thinksMs,
    perform() {
      const intent = books.intent(id);
      const paymentMethod = asked ?? intent.payment_method;
      if (!paymentMethod) throw unexpectedState(intent, 'confirmed without a payment method');
      const { declines: decline, asksForAction } = behaviour(paymentMethod);
      const change = asksForAction
        ? askForAction(intent)
        : confirm(intent, { paymentMethod, charge: newId('ch'), ...(decline && { decline }) });
      books.save(change, key);
      return outcomeOf(change);
    },
  };
};
