import { expect, test } from '@jest/globals';
import { backlogTable, inTurn, markdown, ratesTable, text } from './render.ts';

const rates = ratesTable([
  { what: 'relay to Kafka · the SQL alone', ours: 9_876.5, limit: 39_506 },
  { what: 'worker', ours: 998, limit: 998 },
]);

test('a rate stands beside its limit, with their ratio, in columns', () => {
  expect(text(rates).split('\n')).toEqual([
    'messages per second              ours   limit  ratio',
    'relay to Kafka · the SQL alone  9 877  39 506   0.25',
    'worker                            998     998   1.00',
  ]);
});

test('as Markdown it is the same table, as prettier writes it', () => {
  expect(markdown(rates).split('\n')).toEqual([
    '| messages per second            |  ours |  limit | ratio |',
    '| ------------------------------ | ----: | -----: | ----: |',
    '| relay to Kafka · the SQL alone | 9 877 | 39 506 |  0.25 |',
    '| worker                         |   998 |    998 |  1.00 |',
  ]);
});

test('memory is compared with that of the same process with few messages waiting', () => {
  const table = backlogTable([{ what: 'relay', few: 100, many: 150 }], { few: 2_000, many: 200_000 });
  expect(table).toEqual({
    heads: ['peak memory in MB', '2 000 wait', '200 000 wait', 'ratio'],
    rows: [['relay', '100', '150', '1.50']],
  });
});

test('two steps in turn are slower than the slower one', () => {
  expect(inTurn(10_000, 10_000)).toBe(5_000);
  expect(inTurn(1_000, 1_000_000)).toBeCloseTo(999, 0);
});
