import { z } from 'zod';
import type { Change } from '../domain/intent.ts';
import { unexpectedState } from '../domain/not-possible.ts';
import { confirm, create } from '../domain/transitions.ts';
import { newId } from '../new-id.ts';
import { cardOf, now, outcomeOf } from './operation.ts';
import type { Call, Operation } from './operation.ts';
import { amountMinor, currency, flag, metadata, readParams, text } from './params.ts';

const Params = z.strictObject({
  amount: amountMinor,
  currency,
  capture_method: z.literal('manual'),
  confirm: flag.default(false),
  description: text.optional(),
  metadata,
  payment_method: text.optional(),
  allowed_payment_method_types: z.tuple([z.literal('card')]).optional(), // its name since API 2026-09-30
  payment_method_types: z.tuple([z.literal('card')]).optional(), // and before
});

export const createIntent: Operation = ({ params, key }: Call, books) => {
  const wanted = readParams(Params, params);
  const paymentMethod = wanted.payment_method ?? null;
  const behaviour = cardOf(paymentMethod);
  return {
    behaviour,
    thinksMs: wanted.confirm ? behaviour.thinksMs : undefined,
    perform() {
      const change = wanted.confirm ? confirmed() : { intent: created() };
      books.save(change, key);
      return outcomeOf(change);
    },
  };

  function created() {
    const id = newId('pi');
    const { amount, currency, metadata, description = null } = wanted;
    const secret = { client_secret: `${id}_secret_${newId('s')}`, created: now() };
    return create({ id, amount, currency, metadata, description, ...secret }, paymentMethod);
  }

  function confirmed(): Change {
    const intent = created();
    if (!paymentMethod) throw unexpectedState(intent, 'confirmed without a payment method');
    const { declines: decline } = behaviour;
    return confirm(intent, { paymentMethod, charge: newId('ch'), ...(decline && { decline }) });
  }
};
