import { expect, test } from '@jest/globals';
import { startMetrics } from '@cartwheel/observability';
import type { OnPublished } from '@cartwheel/service';
import { beginCounting, countOrders } from './count-orders.ts';

type Published = Parameters<OnPublished>[0];

const published = (type: string, data: object) =>
  countOrders({ type, headers: {}, payload: JSON.stringify(data) } as unknown as Published);

test('every way to end begins with 0, or a rate would not see the first', async () => {
  const page = startMetrics('order');
  const ended = async () => [
    ...(await page()).matchAll(/^cartwheel_order_ended_total\{cartwheel_outcome="(.*?)".*\} (\d+)/gm),
  ];
  beginCounting();
  const begun = (await ended()).map(([, outcome, n]) => `${outcome} ${n}`);
  expect(begun).toEqual([
    ...['completed 0', 'refunded 0', 'payment-declined 0', 'stock-short 0', 'timed-out 0', 'capture-failed 0'],
    'customer 0',
  ]);
  published('OrderCancelled', { orderId: 'any', reason: 'timed-out' });
  expect((await ended()).map(([, outcome, n]) => `${outcome} ${n}`)).toContain('timed-out 1');
});
