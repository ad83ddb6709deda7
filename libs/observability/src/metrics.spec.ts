import { beforeEach, expect, test } from '@jest/globals';
import { count, observe, type Reading, startMetrics, took } from './metrics.ts';
import { metrics } from './names.ts';

let page: () => Promise<string>;
beforeEach(() => {
  page = startMetrics('test');
});

const dead = (value: number): Reading => ({ metric: metrics.deadLetters, value });

test('what is not there any more is not shown any more', async () => {
  let readings = [dead(1)];
  observe([metrics.deadLetters], () => readings);
  expect(await page()).toContain('cartwheel_dead_letters_messages{service_name="test"} 1');
  readings = [];
  expect(await page()).not.toContain('cartwheel_dead_letters_messages{');
});

test('two who ask at once get the whole page each', async () => {
  observe([metrics.deadLetters], async () => {
    await Promise.resolve();
    return [dead(1)];
  });
  const pages = await Promise.all([page(), page()]);
  expect(pages.filter((text) => text.includes('cartwheel_dead_letters_messages{'))).toHaveLength(2);
});

test('counters and histograms are in the units and buckets of their names', async () => {
  count(metrics.ordersEnded, { 'cartwheel.outcome': 'completed' }, 2);
  took(metrics.completionDuration, 7, {});
  const text = await page();
  expect(text).toContain('cartwheel_order_ended_total{cartwheel_outcome="completed",service_name="test"} 2');
  expect(text).toContain('cartwheel_order_completion_duration_bucket{service_name="test",le="5"} 0');
  expect(text).toContain('cartwheel_order_completion_duration_bucket{service_name="test",le="10"} 1');
});

test('before anybody wants metrics, and after they began anew, nothing is left of what was counted', async () => {
  count(metrics.ordersPlaced, {});
  page = startMetrics('test');
  expect(await page()).not.toContain('cartwheel_order_placed_total{');
});
