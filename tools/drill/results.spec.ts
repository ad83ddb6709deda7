import { expect, test } from '@jest/globals';
import { judge } from '../verify/verdict.ts';
import type { Hit } from './kill.ts';
import { closing, hasHeld, rowsOf, table } from './results.ts';

const hit = (pass: number, more: Partial<Hit> = {}): Hit => ({
  service: 'inventory',
  window: 'checkout-before-commit',
  pass,
  missed: undefined,
  backAfterMs: undefined,
  ...more,
});
const broken = judge(5, 'money adds up', '', { wrong: ['captured twice'] });

test('a window that was not reached at one pass has not held', () => {
  const rows = rowsOf([hit(1), hit(2, { missed: 'not reached within 60 s' })], []);
  expect(rows).toMatchObject([{ passes: [1], missed: ['pass 2: not reached within 60 s'] }]);
  expect(rows.some(hasHeld)).toBe(false);
  expect(closing(rows)).toBe('1 windows, 0 held, 1 broken');
});

test('a promise that broke is told at each window of its round', () => {
  const rows = [
    ...rowsOf([hit(1), hit(1, { window: 'relay-before-send' })], [broken]),
    ...rowsOf([hit(1, { window: 'dead-before-ack' })], []),
  ];
  expect(closing(rows)).toBe('3 windows, 1 held, 2 broken');
  expect(table(rows)).toMatch(/^relay-before-send +inventory +1 +– +broken: 5$/m);
});

test('a shop that was still at work at the end has not held, and is not called broken', () => {
  const rows = rowsOf([hit(1)], [broken, judge(7, 'every order ends', '', { late: ['order a'] }, ['1 order'])]);
  expect(rows.some(hasHeld)).toBe(false);
  expect(table(rows)).toMatch(/broken: 5; not at rest: 7$/m);
});

test('the table tells the median time to the first message, and is not wider than 80 columns', () => {
  const times = [12_000, 3_000, 9_400];
  const hits = times.map((backAfterMs, n) =>
    hit(n + 1, { backAfterMs, missed: n === 2 ? 'x'.repeat(200) : undefined }),
  );
  const lines = table(rowsOf(hits, [broken, judge(0, 'mails', '', { wrong: ['none'] })])).split('\n');
  expect(lines[1]).toMatch(/^checkout-before-commit +inventory +1 2 +9\.4 s +not reached, broken: 5, mail$/);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
});
