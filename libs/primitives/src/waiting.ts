import { setTimeout as sleep } from 'node:timers/promises';

/** Waits, or returns early when `signal` is aborted. Never rejects. */
export async function delay(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, signal ? { signal } : {}).catch(() => undefined);
}

/** Exponential back-off with full jitter below `maxMs`, for attempt 1, 2, 3 … Jitter keeps a crowd from returning at once. */
export function backoff(attempt: number, { baseMs = 100, maxMs = 10_000 } = {}): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 20));
  return ceiling / 2 + Math.random() * (ceiling / 2);
}

/** Something took too long, and nobody waits for it any more. It may still be going on. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
}

/** @throws DeadlineExceeded naming `what` when `promise` has not settled in time. The work itself goes on; nobody waits for it. */
export async function withDeadline<T>(what: string, ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineExceeded(`${what} took longer than ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
