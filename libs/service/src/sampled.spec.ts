import { metrics, type Reading, startMetrics } from '@cartwheel/observability';
import { beforeEach, expect, jest, test } from '@jest/globals';
import { observeSource } from './sampled.ts';

const row: Reading = { metric: metrics.reservations, value: 3 };
const read = jest.fn<() => Promise<readonly Reading[]>>();
const errors: unknown[] = [];
let scrape: () => Promise<string>;
beforeEach(() => {
  read.mockReset();
  scrape = startMetrics('test');
  observeSource({
    name: 'kafka',
    gauges: [metrics.reservations],
    read,
    onError: (error) => errors.push(error),
  });
});
const SHOWN = 'cartwheel_reservation_held{service_name="test"} 3';
const up = (value: 0 | 1) => `cartwheel_source_up{cartwheel_source="kafka",service_name="test"} ${value}`;

test('however many scrape at once, the source is asked once', async () => {
  read.mockResolvedValue([row]);
  const pages = await Promise.all(Array.from({ length: 20 }, () => scrape()));
  expect(pages.every((page) => page.includes(SHOWN) && page.includes(up(1)))).toBe(true);
  expect(read).toHaveBeenCalledTimes(1);
});

test('a source that fails is missing, fails no scrape, and is asked again by the next', async () => {
  read.mockRejectedValueOnce(new Error('away')).mockResolvedValue([row]);
  const page = await scrape();
  expect(page).toContain(up(0));
  expect(page).not.toContain('cartwheel_reservation_held{');
  expect(errors).toMatchObject([{ message: 'away' }]);
  expect(await scrape()).toContain(SHOWN);
});

test('a source that is silent holds up no scrape for long, and what it says at last is shown by the next', async () => {
  const { promise, resolve } = Promise.withResolvers<readonly Reading[]>();
  read.mockReturnValue(promise);
  expect(await scrape()).toContain(up(0));
  resolve([row]);
  expect(await scrape()).toContain(SHOWN);
  expect(read).toHaveBeenCalledTimes(1);
});

test('however many ask while a source is silent, none waits for the others', async () => {
  read.mockReturnValue(new Promise(() => undefined));
  const begun = performance.now();
  await Promise.all(Array.from({ length: 5 }, () => scrape()));
  // One page is being written, the other four share the next; a second each.
  expect(performance.now() - begun).toBeLessThan(3_500);
});

// Others look at the clock too, so nobody knows which look is the source's.
test.each(Array.from({ length: 12 }, (_, n) => n))(
  'what is fresh when it is looked at is shown, also when it is not a moment later (after %d looks at the clock)',
  async (looks) => {
    read.mockResolvedValue([row]);
    const begun = performance.now();
    await scrape();
    const now = jest.spyOn(performance, 'now').mockReturnValue(begun + 10_000);
    for (let n = 0; n < looks; n += 1) now.mockReturnValueOnce(begun);
    const page = await scrape();
    now.mockRestore();
    expect(page).toContain(SHOWN);
    expect(page).toContain(up(1));
  },
);
