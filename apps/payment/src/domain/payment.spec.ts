import { describe, expect, test } from '@jest/globals';
import {
  begin,
  noteAuthorized,
  noteCaptured,
  noteCaptureFailed,
  noteDeclined,
  noteVoided,
  type Payment,
  type PaymentState,
  recordIntent,
  requestCapture,
  requestVoid,
} from './payment.ts';

const fresh = begin({
  paymentId: '01999999-0000-7000-8000-000000000002',
  orderId: '01999999-0000-7000-8000-000000000001',
  amount: { amountMinor: 2_400, currency: 'EUR' },
  paymentMethod: 'pm_card_visa',
});
const inState = (state: PaymentState): Payment => ({ ...fresh, intentId: 'pi_1', state });

const moves: [string, (payment: Payment) => Payment | undefined, PaymentState, PaymentState][] = [
  ['noteAuthorized', noteAuthorized, 'authorizing', 'authorized'],
  ['noteDeclined', (payment) => noteDeclined(payment, 'insufficient_funds'), 'authorizing', 'declined'],
  ['requestCapture', requestCapture, 'authorized', 'capturing'],
  ['noteCaptured', noteCaptured, 'capturing', 'captured'],
  ['noteCaptureFailed', (payment) => noteCaptureFailed(payment, 'canceled'), 'capturing', 'capture_failed'],
  ['noteVoided', noteVoided, 'voiding', 'voided'],
];
const states: PaymentState[] = [
  'authorizing',
  'authorized',
  'declined',
  'capturing',
  'captured',
  'capture_failed',
  'voiding',
  'voided',
];

test.each(moves)('%s leads on from one state and changes no other', (_, move, from, to) => {
  expect(move(inState(from))?.state).toBe(to);
  for (const other of states.filter((state) => state !== from)) expect(move(inState(other))).toBeUndefined();
});

describe('a void', () => {
  test('is done at once when no intent is recorded: nothing at the gateway holds money', () => {
    expect(requestVoid(fresh)?.state).toBe('voided');
  });
  test('asks the gateway when an intent is recorded, also while the authorization is under way', () => {
    expect(requestVoid(inState('authorizing'))?.state).toBe('voiding');
    expect(requestVoid(inState('authorized'))?.state).toBe('voiding');
  });
  test('changes nothing about a payment that is declined, captured or on the way to it', () => {
    for (const state of ['declined', 'capturing', 'captured', 'capture_failed', 'voiding', 'voided'] as const) {
      expect(requestVoid(inState(state))).toBeUndefined();
    }
  });
});

test('an intent is written down only while the payment is authorizing', () => {
  expect(recordIntent(fresh, 'pi_1')).toEqual({ ...fresh, intentId: 'pi_1' });
  expect(recordIntent({ ...fresh, state: 'voided' }, 'pi_1')).toBeUndefined();
});
