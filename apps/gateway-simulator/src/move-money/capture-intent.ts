import { z } from 'zod';
import { capture } from '../domain/transitions.ts';
import { cardOf, outcomeOf } from './operation.ts';
import type { Call, Operation } from './operation.ts';
import { amountMinor, readParams } from './params.ts';

const Params = z.strictObject({ amount_to_capture: amountMinor.optional() });

export const captureIntent: Operation = ({ id, params, key }: Call, books) => {
  const amount = readParams(Params, params).amount_to_capture;
  return {
    behaviour: cardOf(books.intent(id).payment_method),
    perform() {
      const change = capture(books.intent(id), amount);
      books.save(change, key);
      return outcomeOf(change);
    },
  };
};
