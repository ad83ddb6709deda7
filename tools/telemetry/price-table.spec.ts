import { expect, test } from '@jest/globals';
import { priceTable } from './price-table.ts';

test('a mode costs the median of its measurements, and the median of what it cost more in the same round', () => {
  const one = (mode: string, cpuMsPerOrder: number) => ({
    mode,
    cpuMsPerOrder,
    idleMb: 500,
    residentMb: 600,
    spansPerOrder: 46,
  });
  const round = (off: number, on: number) => [one('off', off), one('on', on)];
  // The machine was slower in the last round, and the modes do not always take their turns in the same order.
  const table = priceTable([...round(10, 12), ...round(10, 11).toReversed(), ...round(100, 130)], ['off', 'on']);
  expect(table.split('\n').slice(2)).toEqual([
    '| off | 10.0 ms | 1.00 | 1.00–1.00 | 46.0 | 100 MB | 120 MB |',
    '| on | 12.0 ms | 1.20 | 1.10–1.30 | 46.0 | 100 MB | 120 MB |',
  ]);
});
