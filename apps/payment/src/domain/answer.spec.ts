import { describe, expect, test } from '@jest/globals';
import {
  type Answer,
  CAPTURE_REFUSALS,
  type Failure,
  isRefusedForGood,
  noteAttempt,
  noteNotCreated,
} from './answer.ts';
import type { Intent } from './intent.ts';
import { noteIntent } from './intent.ts';
import { attempt, begin, type Payment, type PaymentState, paymentStates } from './payment.ts';

const amount = { amountMinor: 2_400, currency: 'EUR' };
const payment: Payment = {
  ...begin({ paymentId: 'p', orderId: 'o', amount, paymentMethod: 'pm_card_visa' }),
  intentId: 'pi_1',
};
const inState = (state: PaymentState): Payment => ({ ...payment, state });

describe('what the gateway says of an intent', () => {
  const final: [Intent, Partial<Record<PaymentState, PaymentState>>][] = [
    [{ kind: 'authorized' }, { authorizing: 'authorized' }],
    [{ kind: 'declined', code: 'expired_card' }, { authorizing: 'declined' }],
    [{ kind: 'captured', received: amount }, { capturing: 'captured' }],
    [{ kind: 'canceled' }, { authorizing: 'declined', capturing: 'capture_failed', voiding: 'voided' }],
    [{ kind: 'refunded', amount }, { refunding: 'refunded' }],
    [{ kind: 'unconfirmed' }, {}],
    [{ kind: 'requires-action' }, {}],
    [{ kind: 'pending' }, {}],
    [{ kind: 'refund-pending' }, {}],
    [{ kind: 'refund-failed', code: 'declined' }, {}],
    [{ kind: 'unknown', reason: 'circuit_open' }, {}],
  ];
  const cases = final.flatMap(([intent, leads]) =>
    paymentStates.map((state) => [intent.kind, state, leads[state] ?? 'nothing', intent] as const),
  );
  test.each(cases)('%s changes a payment that is %s to %s', (_, state, to, intent) => {
    expect(noteIntent(inState(state), intent)?.state ?? 'nothing').toBe(to);
  });
});

describe('the number in an idempotency key', () => {
  const answer = (kind: Failure['kind'], intent: Intent): Answer => ({ intent, failure: { kind, code: 'x' } });
  const held: Intent = { kind: 'authorized' };

  test.each<[string, Answer]>([
    ['a 500 without effect would be replayed', answer('broken', held)],
    ['a refusal would be replayed', answer('refused', held)],
  ])('of a capture is raised: %s', (_, given) => {
    expect(attempt(noteAttempt(payment, 'capture', 1, given)!, 'capture').n).toBe(2);
  });

  test.each<[string, Answer]>([
    ['the gateway was busy, and the attempt may still be under way', answer('busy', held)],
    ['the gateway does not say whether it had an effect', answer('broken', { kind: 'unknown', reason: 'x' })],
    ['the outcome is still open', answer('broken', { kind: 'pending' })],
    ['it had the effect', answer('broken', { kind: 'captured', received: amount })],
    ['nothing failed', { intent: held }],
  ])('of a capture stays: %s', (_, given) => {
    expect(noteAttempt(payment, 'capture', 1, given)).toBeUndefined();
  });

  test('is raised once for one attempt, however many workers made it', () => {
    const raised = noteAttempt(payment, 'capture', 1, answer('broken', held))!;
    expect(noteAttempt(raised, 'capture', 1, answer('broken', held))).toBeUndefined();
  });

  test('of a refund is raised when the refund that it made has failed', () => {
    const failed: Answer = { intent: { kind: 'refund-failed', code: 'declined' } };
    expect(attempt(noteAttempt(payment, 'refund', 1, failed)!, 'refund')).toEqual({ n: 2, refused: 0 });
  });

  test('of a create is raised by a failure, not by a refusal or an outage, nor once an intent is recorded', () => {
    const fresh = { ...payment, intentId: undefined };
    const after = (kind: Failure['kind'], of: Payment) => noteNotCreated(of, 1, { kind, code: 'x' });
    expect(attempt(after('broken', fresh)!, 'create').n).toBe(2);
    expect([after('refused', fresh), after('busy', fresh), after('broken', payment)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

test('only refusals use up a capture; an outage may last', () => {
  const captures = (kind: Failure['kind']) =>
    Array.from({ length: CAPTURE_REFUSALS }).reduce<Payment>((before) => {
      const { n } = attempt(before, 'capture');
      return (
        noteAttempt(before, 'capture', n, { intent: { kind: 'authorized' }, failure: { kind, code: 'x' } }) ?? before
      );
    }, inState('capturing'));
  expect(isRefusedForGood(captures('refused'))).toBe(true);
  expect(isRefusedForGood(captures('broken'))).toBe(false);
  expect(isRefusedForGood(captures('busy'))).toBe(false);
});
