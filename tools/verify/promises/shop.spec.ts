import { describe, expect, test } from '@jest/globals';
import { breaks } from '../fixtures/breaks.ts';
import { bury, type GoodShop, goodShop } from './good-shop.ts';
import { mails } from './mails.ts';
import { moneyAddsUp } from './money.ts';
import { cancelledHoldsNothing, everyOrderEnds } from './orders-end.ts';
import { readModels } from './read-models.ts';
import { sameKeySameOrder } from './same-key.ts';
import { stockAddsUp } from './stock.ts';

/** Order `a` is given back, of which the gateway has paid `amountMinor`. */
function refund(shop: GoodShop, amountMinor: number, status: 'refunding' | 'refunded' = 'refunded'): true {
  shop.orders[0]!.status = status;
  shop.payments[0]!.state = status;
  if (amountMinor > 0) shop.ledger.push({ ...shop.ledger[2]!, operation: 'refund', amountMinor });
  return true;
}

describe('money adds up breaks when', () => {
  breaks(moneyAddsUp, [
    ['an order was charged twice', (shop) => shop.ledger.push(shop.ledger[2]!), /order a: captured 2 times/],
    ['a completed order was not charged', (shop) => shop.ledger.pop(), /order a: completed, and nothing was captured/],
    [
      'another amount was taken',
      (shop) => (shop.ledger[2]!.amountMinor = 2_399),
      /order a: captured 2399 EUR, the total is 2400 EUR/,
    ],
    [
      'money was taken for a cancelled order',
      (shop) => shop.ledger.push({ ...shop.ledger[2]!, metadata: { orderId: 'b' }, amountMinor: 1_200 }),
      /order b: cancelled, and money was captured/,
    ],
    [
      'money was taken for an order that nobody knows',
      (shop) => shop.ledger.push({ ...shop.ledger[2]!, metadata: { orderId: 'z' } }),
      /order z: in the ledger[^]*EUR: kept 4800, completed orders are worth 2400/,
    ],
    [
      'money went back that nobody asked for',
      (shop) => shop.ledger.push({ ...shop.ledger[2]!, operation: 'refund' }),
      /order a: 2400 refunded/,
    ],
    [
      'an order is refunded and the money is still here',
      (shop) => refund(shop, 0),
      /order a: refunded, and 0 of 2400 went back[^]*EUR: kept 2400, completed orders are worth 0/,
    ],
    ['less went back than was taken', (shop) => refund(shop, 2_399), /order a: refunded, and 2399 of 2400 went back/],
    [
      'a refund was paid twice',
      (shop) => refund(shop, 2_400) && shop.ledger.push(shop.ledger.at(-1)!),
      /order a: refunded, and 4800 of 2400 went back[^]*EUR: kept -2400/,
    ],
    [
      'a refunded order was never charged',
      (shop) => shop.ledger.pop() && (shop.orders[0]!.status = 'refunded'),
      /order a: refunded, and nothing was captured/,
    ],
    [
      'the payment of a refunded order is not noted so',
      (shop) => refund(shop, 2_400) && (shop.payments[0]!.state = 'refunding'),
      /order a: refunded, and its payment is refunding/,
    ],
    [
      'the payment is not noted as captured',
      (shop) => (shop.payments[0]!.state = 'capturing'),
      /order a: completed, and its payment is capturing/,
    ],
    [
      'the payment is of another amount',
      (shop) => (shop.payments[1]!.amountMinor = 1),
      /order b: the payment is of 1 EUR/,
    ],
    ['an order has no payment', (shop) => shop.payments.pop(), /order b: cancelled, and there is no payment/],
  ]);
});

describe('money adds up holds when', () => {
  test.each<[string, (shop: GoodShop) => unknown]>([
    ['an order is refunded and its money went back', (shop) => refund(shop, 2_400)],
    ['the money of a refunding order is still here', (shop) => refund(shop, 0, 'refunding')],
    ['the money of a refunding order went back already', (shop) => refund(shop, 2_400, 'refunding')],
  ])('%s', (_, change) => {
    const shop = goodShop();
    change(shop);
    expect(moneyAddsUp(shop)).toMatchObject({ verdict: 'held', offenders: [] });
  });
});

describe('stock adds up breaks when', () => {
  breaks(stockAddsUp, [
    [
      'a level is not the sum of its movements',
      (shop) => (shop.stock[0]!.available = 4),
      /mug: available is 4, the movements say 3[^]*mug: 6 in all, 5 came in/,
    ],
    ['a movement is missing', (shop) => shop.movements.pop(), /mug: reserved is 0, the movements say 2/],
    [
      'more was reserved than there was',
      (shop) => (shop.movements[0]!.available = 2),
      /mug: available was -1 after it was reserved for order b/,
    ],
    ['a reservation is missing', (shop) => shop.reservations.shift(), /mug: shipped is 2, the reservations say 0/],
    [
      'a completed order was not shipped',
      (shop) => (shop.reservations[0]!.state = 'reserved'),
      /order a: completed, ordered mug 2, shipped nothing/,
    ],
    [
      'more was replenished than anybody asked for',
      (shop) => shop.movements.push({ ...shop.movements[0]!, kind: 'replenished', available: 1 }),
      /mug: available is 3, the movements say 4[^]*mug: 1 were replenished, the requests for it were 0/,
    ],
    [
      'a request to replenish was answered and nothing came in',
      (shop) => shop.replenishments.push({ sku: 'mug', quantity: 2 }),
      /mug: 0 were replenished, the requests for it were 2[^]*mug: 5 in all, 7 came in/,
    ],
    [
      'the goods of a refunded order did not come back',
      (shop) => (shop.orders[0]!.status = 'refunded'),
      /order a: refunded, ordered mug 2, returned nothing/,
    ],
    [
      'goods came back for an order that nobody refunded',
      (shop) => giveBack(shop),
      /order a: completed, ordered mug 2, shipped nothing/,
    ],
    [
      'something was shipped for a cancelled order',
      (shop) => (shop.reservations[1]!.state = 'shipped'),
      /order b: cancelled, and shipped/,
    ],
    [
      'stock is held for an order that nobody knows',
      (shop) => (shop.reservations[1]!.orderId = 'z'),
      /order z: holds stock/,
    ],
  ]);
});

test('stock adds up when a refunded order gave its goods back, and more of them came in', () => {
  const shop = goodShop();
  giveBack(shop);
  shop.orders[0]!.status = 'refunded';
  shop.replenishments.push({ sku: 'mug', quantity: 10 });
  shop.movements.push({ ...shop.movements[0]!, kind: 'replenished', available: 10 });
  shop.stock[0]!.available += 10;
  expect(stockAddsUp(shop)).toMatchObject({ verdict: 'held' });
});

function giveBack(shop: GoodShop): void {
  shop.reservations[0]!.state = 'returned';
  shop.movements.push({ ...shop.movements.at(-1)!, kind: 'returned', available: 2, reserved: 0, shipped: -2 });
  shop.stock[0] = { sku: 'mug', available: 5, reserved: 0, shipped: 0 };
}

describe('every order ends breaks when', () => {
  breaks(everyOrderEnds, [
    ['an order is still placed', (shop) => (shop.orders[1]!.status = 'placed'), /order b: is placed/],
  ]);

  test('an order with an open dead letter is listed and does not break it', () => {
    const shop = goodShop();
    shop.orders[1]!.status = 'confirmed';
    bury(shop, 'order', 'b3');
    const { verdict, offenders } = everyOrderEnds(shop);
    expect([verdict, ...offenders]).toEqual(['held', 'order b: is confirmed, a dead letter of it waits for a person']);
  });

  test('an order whose task the broker gave up is listed too', () => {
    const shop = goodShop();
    shop.orders[1]!.status = 'placed';
    shop.processed.get('payment.card')!.delete('tb1');
    shop.queues[1]!.ready = 1;
    expect(everyOrderEnds(shop)).toMatchObject({ verdict: 'held', offenders: [expect.stringContaining('order b')] });
  });
});

test('a dead letter of analytics excuses no order', () => {
  const shop = goodShop();
  shop.orders[1]!.status = 'placed';
  bury(shop, 'analytics.facts', 'b3');
  expect(everyOrderEnds(shop)).toMatchObject({ verdict: 'broken' });
});

describe('a cancelled order holds nothing breaks when', () => {
  breaks(cancelledHoldsNothing, [
    ['it holds stock', (shop) => (shop.reservations[1]!.state = 'reserved'), /order b: holds 1 mug/],
    ['it holds money', (shop) => (shop.ledger[1]!.operation = 'authorize'), /order b: money is held by pi_b/],
    [
      'its payment is still under way',
      (shop) => (shop.payments[1]!.state = 'voiding'),
      /order b: its payment is voiding/,
    ],
  ]);

  test('an authorization that was cancelled holds nothing', () => {
    const shop = goodShop();
    shop.ledger[1]!.operation = 'authorize';
    shop.ledger.push({ ...shop.ledger[1]!, operation: 'cancel' });
    expect(cancelledHoldsNothing(shop)).toMatchObject({ verdict: 'held' });
  });
});

describe('same key, same order breaks when', () => {
  breaks(sameKeySameOrder, [
    ['two keys name the same order', (shop) => (shop.answers[1] = shop.answers[0]!), /order a: the answer to 2 keys/],
    ['an answered order is not there', (shop) => shop.orders.pop(), /order b: answered with 2xx, and is not there/],
    [
      'an answer has another total',
      (shop) => (shop.answers[0]!.totalMinor = 1),
      /order a: answered with another total/,
    ],
    ['a key has no answer', (shop) => (shop.answers[0]!.orderId = null), /1 keys without an answer/],
  ]);
});

describe('read models equal their rebuild breaks when', () => {
  breaks(readModels, [
    [
      'an order is not what its stream leads to',
      (shop) => shop.orders[0]!.events.pop() && (shop.orders[0]!.version = 4),
      /order a: is completed, its stream leads to confirmed/,
    ],
    ['a stream has a gap', (shop) => shop.orders[0]!.events.splice(2, 1), /order a: event 3 of its stream is missing/],
    [
      'an order is behind its stream',
      (shop) => (shop.orders[1]!.version = 2),
      /order b: is at version 2, its stream has 3 events/,
    ],
    [
      'an order is listed with another status',
      (shop) => (shop.orders[1]!.status = 'placed'),
      /order b: is listed as placed/,
    ],
    ['analytics lacks a fact', (shop) => shop.analytics.delete('a4'), /analytics lacks OrderConfirmed a4/],
    [
      'analytics has a fact that no topic holds',
      (shop) => shop.analytics.set('ghost', shop.analytics.get('a4')!),
      /analytics has OrderConfirmed ghost, which no topic holds/,
    ],
    [
      'analytics has a fact otherwise',
      (shop) => (shop.analytics.get('a4')!.subject = 'b'),
      /analytics has OrderConfirmed a4 otherwise than/,
    ],
    ['analytics has a fact twice', (shop) => shop.analyticsTwice.push('a4'), /analytics has a4 twice/],
    [
      'sales counted an order twice',
      (shop) => (shop.projections.sales[0]!['orders'] = 2),
      /sales lacks .*"orders":1[^]*sales has .*"orders":2/,
    ],
    ['the funnel lacks an order', (shop) => shop.projections.funnel.pop(), /funnel lacks .*"order_id":"b"/],
    [
      'top products holds a cancelled order',
      (shop) => shop.projections['top-products'].push({ ...shop.projections['top-products'][0]!, order_id: 'b' }),
      /top-products has .*"order_id":"b".*, to which the log does not lead/,
    ],
    [
      'a completion took another time',
      (shop) => (shop.projections.completion[0]!['took_ms'] = 9_001),
      /completion has .*"took_ms":9001/,
    ],
  ]);
});

describe('one mail per milestone breaks when', () => {
  breaks(mails, [
    [
      'a sent mail did not arrive',
      (shop) => shop.mailbox.splice(1, 1),
      /order b: no cancellation in the mailbox, though it is noted as sent/,
    ],
    [
      'a mail was asked for and not sent',
      (shop) => shop.mailbox.splice(1, 1) && (shop.emails[1]!.state = 'requested'),
      /order b: no cancellation, it is asked for and not sent/,
    ],
    [
      'nobody asked for a mail that is due',
      (shop) => shop.emails.splice(1, 1),
      /order b: no cancellation, nobody asked for it/,
    ],
    [
      'a completed order got a cancellation',
      (shop) => shop.emails.push({ ...shop.emails[0]!, emailId: 'ex', template: 'cancellation' }),
      /order a: a cancellation that it should not get/,
    ],
    ['a completed order got no receipt', (shop) => shop.emails.pop(), /order a: no receipt, nobody asked for it/],
    [
      'a refund was begun and nobody was told',
      (shop) => shop.orders[0]!.events.push({ version: 6, event: { type: 'RefundRequested' } as never, factId: null }),
      /order a: no refund-begun, nobody asked for it/,
    ],
    [
      'a mail came twice, and each of its sends had an outcome',
      (shop) => shop.mailbox.push(shop.mailbox[0]!),
      /order a: 2 copies of its confirmation, 0 sends had no known outcome/,
    ],
    [
      'a mail arrived that nobody asked for',
      (shop) => shop.mailbox.push({ emailId: 'ez', at: 60_000 }),
      /nobody asked for mail ez/,
    ],
    [
      'a mail is about an order that nobody knows',
      (shop) => shop.orders.pop(),
      /order b: a cancellation, and is in no database/,
    ],
  ]);

  test('a second copy after a send without a known outcome is told and breaks nothing: SMTP is at least once', () => {
    const shop = goodShop();
    shop.emails[0]!.ambiguousSends = 1;
    shop.mailbox.push(shop.mailbox[0]!);
    expect(mails(shop)).toMatchObject({
      verdict: 'held',
      offenders: [expect.stringContaining('2 copies of its confirmation')],
    });
  });

  test('the mails of an earlier shop in the same mailbox break nothing', () => {
    const shop = goodShop();
    shop.mailbox.push({ emailId: 'old', at: 1_000 });
    expect(mails(shop)).toMatchObject({ verdict: 'held' });
  });
});
