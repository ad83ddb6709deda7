import { z } from 'zod';
import { cancel } from '../domain/transitions.ts';
import { cardOf, now, outcomeOf } from './operation.ts';
import type { Call, Operation } from './operation.ts';
import { readParams } from './params.ts';

const REASONS = ['duplicate', 'fraudulent', 'requested_by_customer', 'abandoned'] as const;
const Params = z.strictObject({ cancellation_reason: z.enum(REASONS).optional() });

export const cancelIntent: Operation = ({ id, params, key }: Call, books) => {
  const reason = readParams(Params, params).cancellation_reason ?? null;
  return {
    behaviour: cardOf(books.intent(id).payment_method),
    perform() {
      const change = cancel(books.intent(id), now(), reason);
      books.save(change, key);
      return outcomeOf(change);
    },
  };
};
