import { describe, expect, it } from '@jest/globals';
import type { Intent } from './intent.ts';
import { behaviourOf } from './payment-methods.ts';
import { refund } from './refund.ts';
import { cancel, capture, confirm, create } from './transitions.ts';

const terms = {
  id: 'pi_1',
  amount: 2400,
  currency: 'eur',
  metadata: {},
  description: null,
  client_secret: 's',
  created: 1,
};
const card = { paymentMethod: 'pm_card_visa', charge: 'ch_1' };
const decline = { code: 'card_declined', decline_code: 'generic_decline', message: 'No.' };

const bare = create(terms, null);
const unconfirmed = create(terms, 'pm_card_visa');
const held = confirm(unconfirmed, card).intent;
const declined = confirm(unconfirmed, { ...card, decline }).intent;
const succeeded = capture(held).intent;
const canceled = cancel(held, 2, null).intent;
const wish = { id: 're_1', created: 3, metadata: {}, reason: null };

describe('an intent', () => {
  it('waits for a card when created without one, and for confirmation when created with one', () => {
    expect([bare.status, unconfirmed.status]).toEqual(['requires_payment_method', 'requires_confirmation']);
  });

  it('holds the whole amount when the card agrees', () => {
    expect(confirm(unconfirmed, card)).toMatchObject({
      intent: { status: 'requires_capture', amount_capturable: 2400, amount_received: 0, latest_charge: 'ch_1' },
      movement: { operation: 'authorize', amountMinor: 2400 },
      announces: 'payment_intent.amount_capturable_updated',
    });
  });

  it('holds nothing, names the reason and waits for another card when the card declines', () => {
    expect(confirm(unconfirmed, { ...card, decline })).toMatchObject({
      intent: {
        status: 'requires_payment_method',
        amount_capturable: 0,
        payment_method: null,
        last_payment_error: { type: 'card_error', code: 'card_declined', decline_code: 'generic_decline' },
      },
      movement: { operation: 'decline', amountMinor: 2400 },
      announces: 'payment_intent.payment_failed',
    });
  });

  it('can be confirmed with another card after a decline', () => {
    expect(confirm(declined, card).intent).toMatchObject({ status: 'requires_capture', last_payment_error: null });
  });

  it('has received what was captured, and lets the rest go', () => {
    expect(capture(held, 1000)).toMatchObject({
      intent: { status: 'succeeded', amount_capturable: 0, amount_received: 1000 },
      movement: { operation: 'capture', amountMinor: 1000 },
    });
  });

  it('gives no more than it holds', () => {
    expect(() => capture(held, 2401)).toThrow(/At most 2400/);
  });

  it('lets its hold go when canceled, as one movement', () => {
    expect(cancel(held, 2, 'abandoned')).toMatchObject({
      intent: { status: 'canceled', amount_capturable: 0, canceled_at: 2, cancellation_reason: 'abandoned' },
      movement: { operation: 'cancel', amountMinor: 2400 },
    });
  });

  it.each([bare, unconfirmed, declined])('moves no money when canceled while it holds none', (intent) => {
    const change = cancel(intent, 2, null);
    expect(change.intent.status).toBe('canceled');
    expect(change.movement).toBeUndefined();
  });

  const wrong: [string, Intent, (intent: Intent) => unknown][] = [
    ...[held, succeeded, canceled].map((it) => ['confirmed', it, (i: Intent) => confirm(i, card)] as const),
    ...[bare, unconfirmed, declined, succeeded, canceled].map((it) => ['captured', it, capture] as const),
    ...[succeeded, canceled].map((it) => ['canceled', it, (i: Intent) => cancel(i, 2, null)] as const),
    ...[bare, unconfirmed, held, canceled].map((it) => ['refunded', it, (i: Intent) => refund(i, 0, wish)] as const),
  ].map(([name, intent, act]) => [name, intent, (given: Intent) => act(given)]);

  it.each(wrong.map(([name, intent, act]) => ({ name, status: intent.status, intent, act })))(
    'is not $name while $status, and travels with the refusal',
    ({ intent, act }) => {
      const details = { code: 'payment_intent_unexpected_state', intent };
      expect(() => act(intent)).toThrow(expect.objectContaining({ details }));
    },
  );
});

describe('a refund', () => {
  it('gives back all that is left when no amount is asked for', () => {
    expect(refund(succeeded, 400, wish)).toMatchObject({
      refund: { amount: 2000, status: 'succeeded', payment_intent: 'pi_1' },
      movement: { operation: 'refund', amountMinor: 2000 },
    });
  });

  it('is refused when it would give back more than was received', () => {
    expect(() => refund(succeeded, 400, { ...wish, amount: 2001 })).toThrow(/At most 2000/);
    expect(() => refund(succeeded, 2400, wish)).toThrow(/already/);
  });
});

describe('the table of payment methods', () => {
  it('knows nothing by a name that only every object has', () => {
    expect(behaviourOf('toString')).toBeUndefined();
  });
});
