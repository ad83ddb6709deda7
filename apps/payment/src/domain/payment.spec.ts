import { describe, expect, test } from '@jest/globals';
import {
  begin,
  noteAuthorized,
  noteCaptured,
  noteCaptureFailed,
  noteDeclined,
  noteNeverCreated,
  noteRefunded,
  noteVoided,
  type Payment,
  type PaymentState,
  paymentStates,
  recordIntent,
  requestCapture,
  requestRefund,
  requestVoid,
  steps,
} from './payment.ts';

const amount = { amountMinor: 2_400, currency: 'EUR' };
const fresh = begin({
  paymentId: '01999999-0000-7000-8000-000000000002',
  orderId: '01999999-0000-7000-8000-000000000001',
  amount,
  paymentMethod: 'pm_card_visa',
});
const inState = (state: PaymentState): Payment => ({ ...fresh, intentId: 'pi_1', state });

const moves: Record<keyof typeof steps, (payment: Payment) => Payment | undefined> = {
  noteAuthorized,
  noteDeclined: (payment) => noteDeclined(payment, 'insufficient_funds'),
  requestCapture,
  noteCaptured,
  noteCaptureFailed,
  requestVoid,
  noteVoided,
  requestRefund,
  noteRefunded: (payment) => noteRefunded(payment, amount),
};

const cases = Object.entries(steps).flatMap(([name, leads]) =>
  paymentStates.map((state) => [name, state, (leads as Record<string, string>)[state] ?? 'nothing'] as const),
);

test.each(cases)('%s on a payment that is %s leads to %s', (name, state, to) => {
  expect(moves[name as keyof typeof steps](inState(state))?.state ?? 'nothing').toBe(to);
});

test('every state but the first is led to, and the ends lead nowhere', () => {
  const led = new Set<string>(Object.values(steps).flatMap((leads) => Object.values(leads)));
  const leading = new Set(Object.values(steps).flatMap((leads) => Object.keys(leads)));
  expect(paymentStates.filter((state) => !led.has(state))).toEqual(['authorizing']);
  expect(paymentStates.filter((state) => !leading.has(state))).toEqual([
    'declined',
    'capture_failed',
    'voided',
    'refunded',
  ]);
});

test('a void changes nothing about a payment that is declined, captured or on the way to it', () => {
  for (const state of ['declined', 'capturing', 'captured', 'capture_failed', 'refunding', 'refunded'] as const)
    expect(requestVoid(inState(state))).toBeUndefined();
});

describe('a payment without a recorded intent', () => {
  test('is voided at once: nothing at the gateway holds money', () => {
    expect(requestVoid(fresh)?.state).toBe('voided');
  });
  test('is declined when no intent will ever be accepted, and is not when another worker has recorded one', () => {
    expect(noteNeverCreated(fresh, 'parameter_invalid')).toMatchObject({ state: 'declined' });
    expect(noteNeverCreated(inState('authorizing'), 'parameter_invalid')).toBeUndefined();
  });
  test('gets one while it is authorizing, and keeps the first', () => {
    expect(recordIntent(fresh, 'pi_1')).toEqual({ ...fresh, intentId: 'pi_1' });
    expect(recordIntent({ ...fresh, intentId: 'pi_1' }, 'pi_2')).toBeUndefined();
    expect(recordIntent({ ...fresh, state: 'voided' }, 'pi_1')).toBeUndefined();
  });
});

test('a capture that failed is explained by what the gateway refused, else by the cancelled intent', () => {
  const refused = { ...inState('capturing'), attempts: { capture: { n: 6, refused: 5, refusal: 'expired_card' } } };
  expect(noteCaptureFailed(refused)).toMatchObject({ failureCode: 'expired_card' });
  expect(noteCaptureFailed(inState('capturing'))).toMatchObject({ failureCode: 'canceled' });
});
