import { expect, test } from '@jest/globals';
import { assertFits, BYTES_PER_FACT } from './fits.ts';

test('a log that fits is read, and one that does not is refused with what would help', () => {
  expect(() => assertFits(1_000, 1_000 * BYTES_PER_FACT)).not.toThrow();
  expect(() => assertFits(1_001, 1_000 * BYTES_PER_FACT)).toThrow(
    /hold 1,001 facts\..*needs about .* MB; this process may take .* MB\.\nNODE_OPTIONS=--max-old-space-size=\d+ npm run verify/,
  );
});
