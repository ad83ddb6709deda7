import { expect, test } from '@jest/globals';
import { priceTable } from './price-table.ts';

test('a mode costs the median of its measurements, as a ratio of the first mode’s', () => {
  const one = (mode: string, cpuMsPerOrder: number) => ({
    mode,
    cpuMsPerOrder,
    idleMb: 500,
    residentMb: 600,
    spansPerOrder: 46,
  });
  const table = priceTable([
    one('off', 10),
    one('on', 15),
    one('off', 12),
    one('on', 30),
    one('off', 90),
    one('on', 14),
  ]);
  expect(table.split('\n').slice(2)).toEqual([
    '| off | 12.0 ms | 10.0–90.0 | 1.00 | 46.0 | 100 MB | 120 MB |',
    '| on | 15.0 ms | 14.0–30.0 | 1.25 | 46.0 | 100 MB | 120 MB |',
  ]);
});
