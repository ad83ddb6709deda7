import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';

/**
 * Prevents: a handler that lets go of a promise that is rejected later, and takes everybody down with it.
 * How: a handler runs in an async context of its own, in which Node reports a rejection that nobody awaited.
 * Promises: a rejection that a handler let go of while its attempt was open counts as that attempt's failure.
 * Costs: one turn of the event loop before a COMMIT: Node reports rejections when the microtasks are through.
 * Not here: a rejection that comes after the COMMIT. It is logged and counted, and changes nothing.
 * Proof: stray-rejections.fault.spec.ts
 */
export class AttemptInHand {
  /** The first rejection that nobody awaited. */
  stray: { readonly error: unknown } | undefined;

  /** Runs a handler as part of this attempt. */
  run<T>(work: () => Promise<T>): Promise<T> {
    // Not at once: what is thrown before there is a promise must be a rejection too.
    return storage.run(this, () => Promise.resolve().then(work));
  }
}

const storage = new AsyncLocalStorage<AttemptInHand>();

/** For `process.on('unhandledRejection')`. Whether a message was in hand: then its attempt fails, and the process lives on. */
export function noteStrayRejection(error: unknown): boolean {
  const attempt = storage.getStore();
  if (attempt) attempt.stray ??= { error };
  return attempt !== undefined;
}

/** The first of these attempts that has let go of a rejection, up to now. */
export async function findStray<T extends { readonly attempt: AttemptInHand }>(
  attempts: readonly T[],
): Promise<{ readonly of: T; readonly error: unknown } | undefined> {
  if (attempts.length > 0) await turn();
  for (const of of attempts) if (of.attempt.stray) return { of, error: of.attempt.stray.error };
  return undefined;
}
