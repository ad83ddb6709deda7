import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { testDatabase } from '@cartwheel/testing';
import { schemas } from '../analytics.schema.ts';
import { type Analytics, analyticsOn } from '../fixtures/analytics.ts';
import { anOrder } from '../fixtures/order-facts.ts';

let analytics: Analytics;
beforeAll(async () => {
  const db = await testDatabase(schemas);
  // Far from UTC: whatever takes a day from a session's time zone takes another one.
  await db.admin.query(
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = %L', current_database(), 'Pacific/Auckland'); END $$`,
  );
  analytics = await analyticsOn(db);
});
afterAll(() => analytics.close());
beforeEach(() => analytics.empty('sales'));

const eur = (amountMinor: number) => ({ amountMinor, currency: 'EUR' });
const march = () => analytics.get('/sales?from=2026-03-01&to=2026-03-31');

test('a completed order counts on the day it was completed, a refund on its own day, each currency for itself', async () => {
  const [mug, vase, abroad] = [
    anOrder(),
    anOrder([{ sku: 'vase', quantity: 1, minor: 5_401 }]),
    anOrder(undefined, 'CHF'),
  ];
  await analytics.project('sales', [
    mug.completed('2026-03-10T08:00:00.000Z'),
    vase.completed('2026-03-10T09:00:00.000Z'),
    abroad.completed('2026-03-10T10:00:00.000Z'),
    mug.refunded('2026-03-12T08:00:00.000Z'),
  ]);
  expect(await march()).toEqual([
    {
      day: '2026-03-10',
      orders: 1,
      revenue: { amountMinor: 2_400, currency: 'CHF' },
      refunds: 0,
      refunded: { amountMinor: 0, currency: 'CHF' },
    },
    { day: '2026-03-10', orders: 2, revenue: eur(7_801), refunds: 0, refunded: eur(0) },
    { day: '2026-03-12', orders: 0, revenue: eur(0), refunds: 1, refunded: eur(2_400) },
  ]);
});

test('a fact that comes again counts once, in its own chunk, in a later one, and beside one', async () => {
  const order = anOrder();
  const [completed, refunded] = [order.completed(), order.refunded()];
  await analytics.project('sales', [completed, completed]);
  await Promise.all(Array.from({ length: 5 }, () => analytics.project('sales', [completed, refunded])));
  expect(await march()).toMatchObject([{ orders: 1, revenue: eur(2_400), refunds: 1, refunded: eur(2_400) }]);
});

test('a day ends at midnight UTC, whatever the time zone of the database', async () => {
  const [late, early] = [anOrder(), anOrder()];
  await analytics.project('sales', [
    late.completed('2026-03-10T23:59:59.999Z'),
    early.completed('2026-03-11T00:00:00.000Z'),
  ]);
  expect(await march()).toMatchObject([
    { day: '2026-03-10', orders: 1 },
    { day: '2026-03-11', orders: 1 },
  ]);
});

test('forty chunks at once that all touch the same days neither deadlock nor lose a sale', async () => {
  const days = ['2026-03-10T12:00:00.000Z', '2026-03-11T12:00:00.000Z'];
  const chunks = Array.from({ length: 40 }, (_, index) => {
    const inOrder = index % 2 === 0 ? days : days.toReversed();
    return inOrder.map((day) => anOrder().completed(day));
  });
  await Promise.all(chunks.map((chunk) => analytics.project('sales', chunk)));
  expect(await march()).toMatchObject([
    { orders: 40, revenue: eur(96_000) },
    { orders: 40, revenue: eur(96_000) },
  ]);
});

test('amounts above what 32 bits hold stay exact to the last minor unit', async () => {
  const dear = anOrder([{ sku: 'palace', quantity: 1, minor: 9_007_199_254_740_001 }]);
  await analytics.project('sales', [dear.completed(), anOrder([{ sku: 'pin', quantity: 1, minor: 1 }]).completed()]);
  expect(await march()).toMatchObject([{ revenue: eur(9_007_199_254_740_002) }]);
});

test.each([
  ['from=2026-03-02&to=2026-03-01', 'from'],
  ['from=2025-01-01&to=2026-03-01', 'from'],
  ['from=yesterday', 'from'],
  ['until=2026-03-01', '(body)'],
])('?%s is an invalid request that names %s', async (query, path) => {
  expect(await analytics.get(`/sales?${query}`)).toMatchObject({
    status: 400,
    code: 'invalid-request',
    errors: [{ path }],
  });
});
