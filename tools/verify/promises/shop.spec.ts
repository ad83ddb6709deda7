import { describe, expect, test } from '@jest/globals';
import { bury, cancelUnconfirmed, giveBack, type GoodShop, goodShop, record, refund } from './good-shop.ts';
import { mails } from './mails.ts';
import { moneyAddsUp } from './money.ts';
import { cancelledHoldsNothing, everyOrderEnds } from './orders-end.ts';
import { stockAddsUp } from './stock.ts';

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

test('stock adds up when a refunded order gave its goods back, and more of them came in', () => {
  const shop = goodShop();
  giveBack(shop);
  shop.orders[0]!.status = 'refunded';
  shop.replenishments.push({ sku: 'mug', quantity: 10 });
  shop.movements.push({ ...shop.movements[0]!, kind: 'replenished', available: 10 });
  shop.stock[0]!.available += 10;
  const data = { sku: 'mug', quantity: 10 };
  shop.records.push({ ...record(shop, 'a2'), id: 'r1', type: 'StockReplenished', subject: 'mug', data });
  expect(stockAddsUp(shop)).toMatchObject({ verdict: 'held' });
});

describe('every order ends', () => {
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

describe('a cancelled order holds nothing', () => {
  test('an authorization that was cancelled holds nothing', () => {
    const shop = goodShop();
    shop.ledger[1]!.operation = 'authorize';
    shop.ledger.push({ ...shop.ledger[1]!, operation: 'cancel' });
    expect(cancelledHoldsNothing(shop)).toMatchObject({ verdict: 'held' });
  });
});

describe('one mail per milestone', () => {
  test('a second copy after a send without a known outcome is told and breaks nothing: SMTP is at least once', () => {
    const shop = goodShop();
    shop.emails[0]!.ambiguousSends = 1;
    shop.mailbox.push(shop.mailbox[0]!);
    expect(mails(shop)).toMatchObject({
      verdict: 'held',
      offenders: [expect.stringContaining('2 copies of its confirmation')],
    });
  });

  test('an order whose cancellation is in another partition may be cancelled before it is confirmed', () => {
    const shop = goodShop();
    cancelUnconfirmed(shop, record(shop, 'a4').partition + 1);
    expect(mails(shop)).toMatchObject({ verdict: 'held' });
  });

  test('the mails of an earlier shop in the same mailbox break nothing', () => {
    const shop = goodShop();
    shop.mailbox.push({ emailId: 'old', at: 1_000 });
    expect(mails(shop)).toMatchObject({ verdict: 'held' });
  });
});
