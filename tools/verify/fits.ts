import { getHeapStatistics } from 'node:v8';
import { Friendly } from '../stack/friendly.ts';

/** Heap that the evidence takes for each fact. Seen: 2.8 kB at 6 915 facts of 1 134 orders; what is read and thrown away comes to it. */
export const BYTES_PER_FACT = 4_000;

/** @throws Friendly when so many facts do not fit into this process. Reading them would end it half-way, without a word. */
export function assertFits(facts: number, heapLimit = getHeapStatistics().heap_size_limit): void {
  const needed = facts * BYTES_PER_FACT;
  if (needed <= heapLimit) return;
  const mb = (bytes: number) => Math.ceil(bytes / 1_000_000).toLocaleString('en');
  throw new Friendly(
    `The topics of this shop hold ${facts.toLocaleString('en')} facts. Verify reads them all, for which it needs about ` +
      `${mb(needed)} MB; this process may take ${mb(heapLimit)} MB.\n` +
      `NODE_OPTIONS=--max-old-space-size=${Math.ceil(needed / 2 ** 20)} npm run verify  gives it as much, if the machine has it.`,
  );
}
