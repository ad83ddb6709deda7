import { expect, test } from '@jest/globals';
import { renderVerdicts } from './render.ts';
import { judge } from './verdict.ts';

const id = '01931e5a-7c1e-7cc0-9e7a-3f1f6f1c7a10';

test('no line is wider than 80 columns, and the last one counts', () => {
  const rendered = renderVerdicts([
    judge(1, 'no message lost or made up', '57 facts of 12 topics and subjects', {}),
    judge(5, 'money adds up', '16 captures', {
      wrong: [`order ${id}: captured 2 times, at two moments that are far enough apart to tell`],
    }),
    {
      promise: 12,
      title: 'nothing personal shown',
      verdict: 'not checkable here',
      detail: 'x'.repeat(120),
      offenders: [],
    },
  ]);
  expect(rendered.split('\n').every((line) => line.length <= 80)).toBe(true);
  expect(rendered).toContain(`        - order ${id}: captured 2 times`);
  expect(rendered.endsWith('verify: 1 held, 1 broken, 1 not checkable here')).toBe(true);
});

test('of many offenders ten are shown and the rest is counted', () => {
  const { offenders } = judge(1, 'title', 'detail', {
    wrong: Array.from({ length: 25 }, (_, index) => `offender ${index}`),
  });
  expect(offenders).toHaveLength(11);
  expect(offenders.at(-1)).toBe('and 15 more');
});
