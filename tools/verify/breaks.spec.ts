import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { breaks, decideWith, renderBreaks } from './fixtures/breaks.ts';

const cases = breaks.map(({ promise, planted }) => [promise, planted[0], planted] as const);

test.each(cases)('promise %i names it when %s', (promise, _, planted) => {
  const verdict = decideWith(planted).find((one) => one.promise === promise)!;
  expect(verdict.offenders.join('\n')).toMatch(planted[2]);
  expect(verdict.verdict).toBe('broken');
});

test('each of the twelve promises has a break that it names, and the mails have one', () => {
  const named = new Set(breaks.map(({ promise }) => promise));
  expect([...named].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

test('docs/promises/verify.md has the table of breaks, and who names each', () => {
  expect(readFileSync(join(import.meta.dirname, '../../docs/promises/verify.md'), 'utf8')).toContain(renderBreaks());
});
