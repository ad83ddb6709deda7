import { describe, expect, test } from '@jest/globals';
import { type Look, restOf, tellWaiting, waitUntilAtRest, type Waiting } from './rest.ts';

const STAGES: Readonly<Record<string, number>> = { orders: 0, payments: 1, facts: 2, mails: 3 };

/** A look a second, and what waits in each. */
function looksOf(history: readonly Record<string, number>[], { carried = true } = {}): Look[] {
  return history.map((counts, second) => ({
    at: second * 1_000,
    waiting: Object.entries(counts).map(([what, count]): Waiting => ({ what, count, stage: STAGES[what]! })),
    carried,
    length: 100,
  }));
}

const falling = (what: string, from: number, seconds: number) =>
  Array.from({ length: seconds }, (_, second) => ({ [what]: from - second }));

describe('a shop', () => {
  test('is at rest when two looks in a row find nothing, and topics of the same length', () => {
    const looks = looksOf([{ orders: 1 }, {}, {}]);
    expect(restOf(looks.slice(0, 2), 30_000)).toBe('at work');
    expect(restOf(looks, 30_000)).toBe('at rest');
    expect(restOf([...looks.slice(0, 2), { ...looks[2]!, length: 101 }], 30_000)).toBe('at work');
  });

  test('is at work for as long as what waits becomes less, however long that takes', () => {
    expect(restOf(looksOf(falling('mails', 2_200, 600)), 30_000)).toBe('at work');
  });

  test('is at work while its orders become less, though they fill what comes behind them', () => {
    const burst = Array.from({ length: 60 }, (_, second) => ({
      orders: 100 - second,
      facts: second,
      mails: second * 4,
    }));
    expect(restOf(looksOf(burst), 30_000)).toBe('at work');
  });

  test('is not at rest when nothing has become less for as long as the patience is', () => {
    const still = [...falling('mails', 100, 10), ...Array.from({ length: 31 }, () => ({ mails: 91 }))];
    expect(restOf(looksOf(still.slice(0, -2)), 30_000)).toBe('at work');
    expect(restOf(looksOf(still), 30_000)).toBe('not at rest');
  });

  test('is not at rest while customers keep ordering as much as it does', () => {
    expect(restOf(looksOf(Array.from({ length: 32 }, () => ({ orders: 7, mails: 3 }))), 30_000)).toBe('not at rest');
  });

  test('is stuck, and not late, when nothing is left that would move what is open', () => {
    const still = Array.from({ length: 32 }, () => ({ payments: 1 }));
    expect(restOf(looksOf(still, { carried: false }), 30_000)).toBe('stuck');
    const [first, ...rest] = looksOf(still, { carried: false });
    // A queue that held something once in that time: a task may be in the hand of its worker now.
    expect(restOf([first!, { ...rest[0]!, carried: true }, ...rest.slice(1)], 30_000)).toBe('not at rest');
  });
});

test('what is waited for is told with how many there are, and how fast that becomes less', () => {
  const looks = looksOf([
    { mails: 204, facts: 9 },
    ...falling('mails', 203, 5).map((counts) => ({ ...counts, facts: 9 })),
  ]);
  expect(tellWaiting(looks)).toEqual(['199 mails (−1.0 a second)', '9 facts (unchanged for 5 s)']);
});

test('whoever waits hears it at least every two seconds, and waits on while it becomes less', async () => {
  const told: { at: number; text: string }[] = [];
  let left = 25;
  const lookAtShop = () => {
    left = Math.max(0, left - 1);
    const waiting = left === 0 ? [] : [{ what: 'mails', count: left, stage: 3 }];
    return Promise.resolve({ at: Date.now(), waiting, carried: true, length: 1 });
  };
  // Far less patience than it takes: each look finds less.
  const { rest } = await waitUntilAtRest(lookAtShop, {
    patienceMs: 1,
    onProgress: (text) => told.push({ at: Date.now(), text }),
  });
  expect(rest).toBe('at rest');
  expect(told.length).toBeGreaterThan(0);
  expect(told[0]!.text).toMatch(/^waiting for the shop to come to rest: \d+ mails \(−\d+\.\d a second\)$/);
});
