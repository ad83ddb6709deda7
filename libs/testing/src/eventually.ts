import { setTimeout as sleep } from 'node:timers/promises';

/** `npm run mutants` knows how long each test takes, and waits for less. */
const HANG_GUARD_MS = Number(process.env['CARTWHEEL_TEST_HANG_MS'] ?? 45_000);

/**
 * Repeats `check` until it does not throw, and returns what it returned. The limit is a guard against hanging, not a claim
 * about speed. @throws the last error when the time is over
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { withinMs = HANG_GUARD_MS, everyMs = 50 } = {},
): Promise<T> {
  for (const deadline = Date.now() + withinMs; ; await sleep(everyMs)) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}
