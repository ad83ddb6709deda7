import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { testDatabase } from '@cartwheel/testing';
import { schemas } from '../analytics.schema.ts';
import { type Analytics, analyticsOn } from '../fixtures/analytics.ts';
import { anOrder } from '../fixtures/order-facts.ts';

let analytics: Analytics;
beforeAll(async () => {
  analytics = await analyticsOn(await testDatabase(schemas));
});
afterAll(() => analytics.close());
beforeEach(() => analytics.empty('funnel_orders'));

const funnel = (query = 'from=2026-03-01&to=2026-03-31') => analytics.get(`/funnel?${query}`);
const none = { 'payment-declined': 0, 'stock-short': 0, 'timed-out': 0, 'capture-failed': 0, customer: 0 };

test('each order counts at every step that it reached, and with its reason when it was cancelled', async () => {
  const [whole, given, short, late] = [anOrder(), anOrder(), anOrder(), anOrder()];
  const log = [
    ...[whole, given, short, late].map((order) => order.placed()),
    ...[whole, given].flatMap((order) => [order.confirmed(), order.completed()]),
    given.refunded(),
    short.cancelled('stock-short'),
    late.cancelled('timed-out'),
  ];
  await analytics.project('funnel', log);
  await analytics.project('funnel', log);
  expect(await funnel()).toEqual({
    placed: 4,
    confirmed: 2,
    completed: 2,
    refunded: 1,
    cancelled: { ...none, 'stock-short': 1, 'timed-out': 1 },
  });
});

test('an order belongs to the day it was placed on, however late it ends', async () => {
  const order = anOrder();
  await analytics.project('funnel', [
    order.placed('2026-03-31T23:59:59.999Z'),
    order.confirmed('2026-04-01T00:00:01.000Z'),
  ]);
  expect(await funnel()).toMatchObject({ placed: 1, confirmed: 1 });
  expect(await funnel('from=2026-04-01&to=2026-04-30')).toMatchObject({ placed: 0, confirmed: 0 });
});
