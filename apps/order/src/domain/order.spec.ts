import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  cancel,
  type Change,
  evolve,
  notePaymentAuthorized,
  notePaymentCaptureFailed,
  notePaymentDeclined,
  notePaymentReceived,
  notePaymentRefunded,
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
const cancellationRequested: OrderEvent = { type: 'CancellationRequested' };
const refundRequested: OrderEvent = { type: 'RefundRequested' };
const refunded: OrderEvent = { type: 'OrderRefunded' };

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

describe('a customer who cancels', () => {
  const history = [placed, paymentNoted, stockNoted, confirmed];
  test('before it is confirmed: it is cancelled', () => {
    given(placed, stockNoted).when(cancel).then('cancelled', ['OrderCancelled']);
    expect(cancel(evolve(undefined, placed)).order).toMatchObject({ reason: 'customer' });
  });
  test('while the money is being taken: it is noted, once', () => {
    given(...history)
      .when(cancel)
      .then('confirmed', ['CancellationRequested']);
    given(...history, cancellationRequested)
      .when(cancel)
      .then('confirmed', []);
  });
  test('and the money comes in all the same: it goes back', () =>
    given(...history, cancellationRequested)
      .when(notePaymentReceived)
      .then('refunding', ['OrderCompleted', 'RefundRequested']));
  test('and the money does not come in: it is cancelled, because the capture failed', () =>
    given(...history, cancellationRequested)
      .when(notePaymentCaptureFailed)
      .then('cancelled', ['OrderCancelled']));
  test('after it is completed: the refund is asked for, once', () => {
    given(...history, completed)
      .when(cancel)
      .then('refunding', ['RefundRequested']);
    given(...history, completed, refundRequested)
      .when(cancel)
      .then('refunding', []);
    given(...history, completed, refundRequested, refunded)
      .when(cancel)
      .then('refunded', []);
  });
  test('of a cancelled order is told so', () => {
    const order = [placed, { type: 'OrderCancelled', reason: 'timed-out' } as const].reduce<Order | undefined>(
      evolve,
      undefined,
    )!;
    expect(() => cancel(order)).toThrow(expect.objectContaining({ code: 'order-already-cancelled', status: 409 }));
  });
});

test('a refund ends when the money is back', () =>
  given(placed, paymentNoted, stockNoted, confirmed, completed, refundRequested)
    .when(notePaymentRefunded)
    .then('refunded', ['OrderRefunded']));

/** What can reach an order, in any order and any number: facts of others, the clock, the customer. */
const inputs = {
  notePaymentAuthorized,
  notePaymentDeclined,
  noteStockReserved,
  noteStockRejected,
  notePaymentReceived,
  notePaymentCaptureFailed,
  notePaymentRefunded,
  timeOut,
  cancel: (order: Order) => (order.status === 'cancelled' ? { order, events: [] } : cancel(order)),
} satisfies Record<string, (order: Order) => Change>;

describe('every sequence of inputs', () => {
  type Step = { readonly from: Order; readonly input: string; readonly change: Change };

  /** Depth first through all sequences of `length` inputs: 9^length of them, with every repeat and every order. */
  function walk(order: Order, length: number, visit: (step: Step) => void): void {
    if (length === 0) return;
    for (const [input, decide] of Object.entries(inputs)) {
      const change = decide(order);
      visit({ from: order, input, change });
      walk(change.order, length - 1, visit);
    }
  }
  const start = evolve(undefined, placed);

  test('goes only where the picture at the head of order.ts has an arrow', () => {
    const arrows = new Set<string>();
    walk(start, 6, ({ from, input, change }) => {
      if (change.events.length > 0) arrows.add(`${from.status} -${input}-> ${change.order.status}`);
    });
    expect([...arrows].sort()).toEqual(
      [
        'placed -notePaymentAuthorized-> placed',
        'placed -noteStockReserved-> placed',
        'placed -notePaymentAuthorized-> confirmed',
        'placed -noteStockReserved-> confirmed',
        'placed -notePaymentDeclined-> cancelled',
        'placed -noteStockRejected-> cancelled',
        'placed -timeOut-> cancelled',
        'placed -cancel-> cancelled',
        'confirmed -cancel-> confirmed',
        'confirmed -notePaymentReceived-> completed',
        'confirmed -notePaymentReceived-> refunding',
        'confirmed -notePaymentCaptureFailed-> cancelled',
        'completed -cancel-> refunding',
        'refunding -notePaymentRefunded-> refunded',
      ].sort(),
    );
  });

  test('reads back from its events as it was decided', () => {
    let wrong: Step | undefined;
    walk(start, 6, (step) => {
      const readBack = step.change.events.reduce<Order>(evolve, step.from);
      if (JSON.stringify(readBack) !== JSON.stringify(step.change.order)) wrong ??= step;
    });
    expect(wrong).toBeUndefined();
  });

  test('confirms at most once, ends at most once, and gives no money back that it did not get', () => {
    const wrong: string[] = [];
    const count = (events: readonly OrderEvent[], type: OrderEvent['type']) =>
      events.filter((event) => event.type === type).length;
    function follow(order: Order, length: number, path: readonly string[], events: readonly OrderEvent[]) {
      const ends = count(events, 'OrderCompleted') + count(events, 'OrderCancelled');
      const refunds = count(events, 'RefundRequested');
      const bad =
        ends > 1 ||
        count(events, 'OrderConfirmed') > 1 ||
        refunds > count(events, 'OrderCompleted') ||
        count(events, 'OrderRefunded') > refunds;
      if (bad) wrong.push(path.join(' · '));
      if (length === 0) return;
      for (const [input, decide] of Object.entries(inputs)) {
        const change = decide(order);
        // A step that changes nothing leads nowhere that a shorter path did not lead.
        if (change.events.length > 0 || length === 1)
          follow(change.order, length - 1, [...path, input], [...events, ...change.events]);
      }
    }
    follow(start, 7, [], [placed]);
    expect(wrong).toEqual([]);
  });
});

test('the facts of a bought and returned order lead to one end in every order in which they can come, each twice', () => {
  // Authorization and reservation race; the money comes after both, the refund after the money. Every fact repeats itself
  // at any later time.
  const after: Record<string, readonly string[]> = {
    notePaymentAuthorized: [],
    noteStockReserved: [],
    notePaymentReceived: ['notePaymentAuthorized', 'noteStockReserved'],
    cancel: ['notePaymentReceived'],
    notePaymentRefunded: ['cancel'],
  };
  const ends = new Map<string, number>();
  function arrange(order: Order, left: Record<string, number>) {
    const names = Object.keys(left).filter((name) => left[name]! > 0);
    if (names.length === 0) return ends.set(order.status, (ends.get(order.status) ?? 0) + 1);
    for (const name of names) {
      if (after[name]!.some((earlier) => left[earlier] === 2)) continue;
      arrange(inputs[name as keyof typeof inputs](order).order, { ...left, [name]: left[name]! - 1 });
    }
  }
  arrange(evolve(undefined, placed), Object.fromEntries(Object.keys(after).map((name) => [name, 2])));
  expect([...ends.keys()]).toEqual(['refunded']);
  expect(ends.get('refunded')).toBeGreaterThan(1_000);
});

test('any longer sequence of inputs, with repeats, reads back from its events as it was decided', () => {
  const decisions = fc.array(fc.constantFrom(...Object.values(inputs)), { maxLength: 20 });
  fc.assert(
    fc.property(decisions, (sequence) => {
      let order = evolve(undefined, placed);
      const events: OrderEvent[] = [placed];
      for (const decide of sequence) {
        const change = decide(order);
        order = change.order;
        events.push(...change.events);
      }
      expect(events.reduce<Order | undefined>(evolve, undefined)).toEqual(order);
    }),
    { numRuns: 2_000 },
  );
});
