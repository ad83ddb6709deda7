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
beforeEach(() => analytics.empty('completion_times'));

const times = () => analytics.get('/completion-times?from=2026-03-01&to=2026-03-31');
const PLACED = Date.parse('2026-03-10T12:00:00.000Z');

test('median and 95th percentile are times that some order took, by the times of its own facts', async () => {
  const orders = Array.from({ length: 20 }, (_, index) => ({ order: anOrder(), took: 100 * (index + 1) }));
  const log = orders.flatMap(({ order, took }) => [
    order.placed(new Date(PLACED).toISOString()),
    order.completed(new Date(PLACED + took).toISOString()),
  ]);
  await analytics.project('completion', [...log, anOrder().placed()]);
  await analytics.project('completion', log);
  expect(await times()).toEqual({ orders: 20, medianMs: 1_000, p95Ms: 1_900 });
});

test('without a completed order there is no time, not zero', async () => {
  await analytics.project('completion', [anOrder().placed()]);
  expect(await times()).toEqual({ orders: 0, medianMs: null, p95Ms: null });
});
