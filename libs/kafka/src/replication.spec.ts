import { expect, test } from '@jest/globals';
import { minInsyncOf } from './replication.ts';

test.each([
  [1, 1],
  [2, 1],
  [3, 2],
  [5, 2],
])('of %s copies %s must have a record', (copies, wanted) => expect(minInsyncOf(copies)).toBe(wanted));

test('what is configured counts, as far as there are copies', () => {
  expect(minInsyncOf(3, 3)).toBe(3);
  expect(minInsyncOf(3, 1)).toBe(1);
  expect(minInsyncOf(1, 2)).toBe(1);
});
