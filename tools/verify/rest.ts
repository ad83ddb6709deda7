import { delay } from '@cartwheel/primitives';
import type { Connections } from './connections.ts';
import { look } from './look.ts';
import { serviceNames } from './target.ts';

export type WaitOptions = { atRestWithinMs: number; onProgress?: (text: string) => void; signal?: AbortSignal };

const POLL_MS = 150;
const TELL_EVERY_MS = 2_000;

/**
 * Waits until nothing is under way, and returns what still is when the time is over. One look is not enough: databases,
 * topics and queues are read one after the other, and a message may slip from one to the next in between. So it takes two
 * looks that find nothing, with topics of the same length.
 */
export async function waitUntilAtRest(
  shop: Connections,
  { atRestWithinMs, onProgress, signal }: WaitOptions,
): Promise<string[]> {
  const deadline = Date.now() + atRestWithinMs;
  let quietAt: number | undefined;
  let toldAt = Date.now();
  for (;;) {
    signal?.throwIfAborted();
    const { reasons, length } = await look(shop);
    if (reasons.length === 0 && length === quietAt) return [];
    if (Date.now() >= deadline && (reasons.length > 0 || quietAt !== undefined)) {
      return reasons.length > 0 ? reasons : ['facts keep coming'];
    }
    quietAt = reasons.length === 0 ? length : undefined;
    if (Date.now() - toldAt >= TELL_EVERY_MS) {
      toldAt = Date.now();
      onProgress?.(`waiting for the shop to come to rest: ${reasons.join(', ') || 'facts keep coming'}`);
    }
    await delay(POLL_MS, signal);
  }
}

/** The services that do not answer: often why a shop does not come to rest. */
export async function silentServices(shop: Connections): Promise<string[]> {
  const asked = await Promise.all(
    serviceNames.map(async (name) => {
      const ready = fetch(`${shop.target.urls[name]}/health/ready`, { signal: AbortSignal.timeout(2_000) });
      return (await ready.catch(() => undefined))?.ok ? undefined : `${name} is not ready`;
    }),
  );
  return asked.filter((line) => line !== undefined);
}
