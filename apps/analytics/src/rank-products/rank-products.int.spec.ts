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
beforeEach(() => analytics.empty('product_lines'));

const top = (more = '') => analytics.get(`/top-products?from=2026-03-01&to=2026-03-31${more}`);
const eur = (amountMinor: number) => ({ amountMinor, currency: 'EUR' });
const mugs = (quantity: number) => ({ sku: 'mug', quantity, minor: 1_200 });
const lamp = { sku: 'lamp', quantity: 1, minor: 12_900 };

test('products are ranked by the pieces in completed orders; open and cancelled ones count for nothing', async () => {
  const [one, two, open, cancelled] = [
    anOrder([mugs(2), lamp]),
    anOrder([mugs(1), mugs(3)]),
    anOrder([mugs(50)]),
    anOrder([lamp]),
  ];
  const log = [
    ...[one, two, open, cancelled].map((order) => order.placed()),
    ...[one, two].map((order) => order.completed()),
    cancelled.cancelled('stock-short'),
    one.refunded(),
  ];
  await analytics.project('top-products', log);
  await analytics.project('top-products', log);
  const mug = { sku: 'mug', quantity: 6, revenue: eur(7_200) };
  expect(await top()).toEqual([mug, { sku: 'lamp', quantity: 1, revenue: eur(12_900) }]);
  expect(await top('&limit=1')).toEqual([mug]);
});

test('a sku that was sold in two currencies is two lines: their amounts cannot be added', async () => {
  const orders = [anOrder([mugs(2)]), anOrder([mugs(1)], 'CHF')];
  await analytics.project(
    'top-products',
    orders.flatMap((order) => [order.placed(), order.completed()]),
  );
  expect(await top()).toEqual([
    { sku: 'mug', quantity: 2, revenue: eur(2_400) },
    { sku: 'mug', quantity: 1, revenue: { amountMinor: 1_200, currency: 'CHF' } },
  ]);
});
