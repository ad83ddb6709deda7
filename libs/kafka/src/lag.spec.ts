import { expect, test } from '@jest/globals';
import { LagClock } from './lag.ts';

const second = 1_000;

test('a group that has applied everything is not behind, whatever was seen before', () => {
  const clock = new LagClock();
  expect(clock.age({ next: 0, end: 5 }, 0)).toBe(0);
  expect(clock.age({ next: 0, end: 5 }, 7 * second)).toBe(7);
  expect(clock.age({ next: 5, end: 5 }, 9 * second)).toBe(0);
});

test('a group that stands still is behind since its next record was there, not since the latest one', () => {
  const clock = new LagClock();
  clock.age({ next: 0, end: 1 }, 0);
  clock.age({ next: 0, end: 2 }, 5 * second);
  clock.age({ next: 0, end: 3 }, 10 * second);
  expect(clock.age({ next: 0, end: 4 }, 20 * second)).toBe(20);
  // It has applied the first record: the second was there five seconds later.
  expect(clock.age({ next: 1, end: 4 }, 20 * second)).toBe(15);
});

test('a chunk in hand tells the time of its first record, which nobody looked at when it came', () => {
  const clock = new LagClock();
  clock.begin(10, 3 * second);
  expect(clock.age({ next: 10, end: 30 }, 100 * second)).toBe(97);
  // A chunk that comes again after a rebalance begins earlier.
  clock.begin(8, 2 * second);
  expect(clock.age({ next: 8, end: 30 }, 100 * second)).toBe(98);
});

test('an outage of days takes no more memory than one of hours, and keeps its beginning', () => {
  const clock = new LagClock();
  for (let n = 0; n < 20_000; n += 1) clock.age({ next: 0, end: n + 1 }, n * second);
  expect(clock.age({ next: 0, end: 20_000 }, 20_000 * second)).toBe(20_000);
});
