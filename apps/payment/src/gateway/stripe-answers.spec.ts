import { expect, test } from '@jest/globals';
import Stripe from 'stripe';
import { failureOf } from './stripe-answers.ts';

test.each([
  ['declines with a reason of the bank', { code: 'card_declined', decline_code: 'lost_card' }, 'lost_card'],
  // The SDK makes an absent decline_code ''. A declined payment without a code broke its contract, and was a dead letter.
  ['declines without one', { code: 'expired_card' }, 'expired_card'],
  ['says next to nothing', {}, 'StripeCardError'],
])('a refusal that %s has a code', (_, said, code) => {
  const error = new Stripe.errors.StripeCardError({ type: 'card_error', statusCode: 402, ...said } as never);
  expect(failureOf(error)).toMatchObject({ kind: 'refused', code });
});
