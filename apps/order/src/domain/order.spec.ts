import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Change,
  evolve,
  notePaymentAuthorized,
  notePaymentCaptureFailed,
  notePaymentDeclined,
  notePaymentReceived,
  noteStockRejected,
  noteStockReserved,
  type Order,
  type OrderEvent,
  place,
  timeOut,
} from './order.ts';

const placed: OrderEvent = place({
  orderId: '01999999-0000-7000-8000-000000000001',
  customer: { name: 'Ada Moreau', email: 'ada@example.com' },
  items: [
    { sku: 'mug-blue', name: 'Mug', quantity: 2, unitPrice: { amountMinor: 1_200, currency: 'EUR' } },
    { sku: 'teapot', name: 'Teapot', quantity: 1, unitPrice: { amountMinor: 3_900, currency: 'EUR' } },
  ],
  paymentMethod: 'pm_card_visa',
}).events[0]!;

const paymentNoted: OrderEvent = { type: 'PaymentNoted' };
const stockNoted: OrderEvent = { type: 'StockNoted' };
const confirmed: OrderEvent = { type: 'OrderConfirmed' };
const completed: OrderEvent = { type: 'OrderCompleted' };

function given(...history: OrderEvent[]) {
  const order = history.reduce<Order | undefined>(evolve, undefined)!;
  return {
    when: (decide: (order: Order) => Change) => {
      const change = decide(order);
      return {
        then: (status: Order['status'], types: OrderEvent['type'][]) => {
          expect(change.events.map((event) => event.type)).toEqual(types);
          expect(change.order.status).toBe(status);
          // What was decided is what anybody will read from the events.
          expect(change.events.reduce<Order>(evolve, order)).toEqual(change.order);
        },
      };
    },
  };
}

describe('placing', () => {
  test('adds the lines up in minor units', () => {
    expect(placed).toMatchObject({ type: 'OrderPlaced', total: { amountMinor: 6_300, currency: 'EUR' } });
  });
});

describe('a placed order', () => {
  test('waits for stock when the payment is authorized first', () =>
    given(placed).when(notePaymentAuthorized).then('placed', ['PaymentNoted']));
  test('waits for the payment when the stock is reserved first', () =>
    given(placed).when(noteStockReserved).then('placed', ['StockNoted']));
  test('is confirmed by the second of the two answers, whichever it is', () => {
    given(placed, paymentNoted).when(noteStockReserved).then('confirmed', ['StockNoted', 'OrderConfirmed']);
    given(placed, stockNoted).when(notePaymentAuthorized).then('confirmed', ['PaymentNoted', 'OrderConfirmed']);
  });
  test('does not change when an answer repeats itself', () => {
    given(placed, paymentNoted).when(notePaymentAuthorized).then('placed', []);
    given(placed, stockNoted).when(noteStockReserved).then('placed', []);
  });
  test.each([
    ['the card is declined', notePaymentDeclined],
    ['the stock is short', noteStockRejected],
    ['nobody answers in time', timeOut],
  ])('is cancelled when %s, also after the other answer was good', (_, decide) => {
    given(placed).when(decide).then('cancelled', ['OrderCancelled']);
    given(placed, paymentNoted).when(decide).then('cancelled', ['OrderCancelled']);
    given(placed, stockNoted).when(decide).then('cancelled', ['OrderCancelled']);
  });
  test('takes no money and no failed capture', () => {
    given(placed).when(notePaymentReceived).then('placed', []);
    given(placed).when(notePaymentCaptureFailed).then('placed', []);
  });
});

describe('a confirmed order', () => {
  const history = [placed, paymentNoted, stockNoted, confirmed];
  test('is completed by the money', () =>
    given(...history)
      .when(notePaymentReceived)
      .then('completed', ['OrderCompleted']));
  test('is cancelled by a capture that failed', () =>
    given(...history)
      .when(notePaymentCaptureFailed)
      .then('cancelled', ['OrderCancelled']));
  test('cannot time out any more, and no late answer changes it', () => {
    for (const late of [timeOut, notePaymentDeclined, noteStockRejected, notePaymentAuthorized, noteStockReserved]) {
      given(...history)
        .when(late)
        .then('confirmed', []);
    }
  });
});

const every = {
  notePaymentAuthorized,
  notePaymentDeclined,
  noteStockReserved,
  noteStockRejected,
  notePaymentReceived,
  notePaymentCaptureFailed,
  timeOut,
};

test.each([
  ['completed', [placed, paymentNoted, stockNoted, confirmed, completed]],
  ['cancelled', [placed, { type: 'OrderCancelled', reason: 'timed-out' } as const]],
] as const)('a %s order changes no more, whatever arrives', (status, history) => {
  for (const decide of Object.values(every))
    given(...history)
      .when(decide)
      .then(status, []);
});

test('any sequence of answers, with repeats, ends once, and reads back from its events as it was decided', () => {
  const decisions = fc.array(fc.constantFrom(...Object.values(every)), { maxLength: 12 });
  fc.assert(
    fc.property(decisions, (sequence) => {
      let order = evolve(undefined, placed);
      const events: OrderEvent[] = [placed];
      for (const decide of sequence) {
        const change = decide(order);
        order = change.order;
        events.push(...change.events);
      }
      const ends = events.filter(({ type }) => type === 'OrderCompleted' || type === 'OrderCancelled');
      expect(ends.length).toBeLessThanOrEqual(1);
      expect(events.filter(({ type }) => type === 'OrderConfirmed').length).toBeLessThanOrEqual(1);
      expect(events.reduce<Order | undefined>(evolve, undefined)).toEqual(order);
    }),
    { numRuns: 2_000 },
  );
});
