import { z } from 'zod';
import { capture } from '../domain/transitions.ts';
import { Refusal } from '../refusal.ts';
import { cardOf, outcomeOf } from './operation.ts';
import type { Call, Operation } from './operation.ts';
import { amountMinor, readParams } from './params.ts';

const Params = z.strictObject({ amount_to_capture: amountMinor.optional() });

export const captureIntent: Operation = ({ id, params, key }: Call, books) => {
  const amount = readParams(Params, params).amount_to_capture;
  const behaviour = cardOf(books.intent(id).payment_method);
  return {
    behaviour,
    perform() {
      const intent = books.intent(id);
      const { declinesCapture: decline } = behaviour;
      if (decline && intent.status === 'requires_capture') {
        throw new Refusal(402, { type: 'card_error', ...decline, payment_intent: intent }, { kept: true });
      }
      const change = capture(intent, amount);
      books.save(change, key);
      return outcomeOf(change);
    },
  };
};
