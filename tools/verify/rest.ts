import { delay } from '@cartwheel/primitives';
import type { Connections } from './connections.ts';
import { serviceNames } from './target.ts';

export type WaitOptions = {
  /** How long a shop that is not at rest may go without having less to do. */
  patienceMs: number;
  onProgress?: (text: string) => void;
  signal?: AbortSignal;
};

export type Waiting = {
  readonly what: string;
  readonly count: number;
  /** Work passes from low stages to high ones: a stage that shrinks may fill those behind it. None: it comes and goes. */
  readonly stage?: number;
};

/** The shop at one instant. */
export type Look = {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What is under way, and how many of it. */
  readonly waiting: readonly Waiting[];
  /** Whether anything will still move it: a message in an outbox, topic or queue, a parked one, or an order's clock. */
  readonly carried: boolean;
  /** Of the fact topics together. */
  readonly length: number;
};

const POLL_MS = 150;
const TELL_EVERY_MS = 2_000;
const RATE_OVER_MS = 5_000;
const STAGES = 4;

/** `stuck`: something is open, and nothing is left that would move it. That is not late. */
type Rest = 'at rest' | 'stuck' | 'not at rest';

/** Waits until nothing is under way, for as long as that becomes less; tells what still is when it does not any more. */
export async function waitUntilAtRest(
  lookAtShop: () => Promise<Look>,
  { patienceMs, onProgress, signal }: WaitOptions,
): Promise<{ rest: Rest; waiting: string[] }> {
  const looks: Look[] = [];
  let toldAt = Date.now();
  for (;;) {
    signal?.throwIfAborted();
    looks.push(await lookAtShop());
    const state = restOf(looks, patienceMs);
    if (state !== 'at work') return { rest: state, waiting: state === 'at rest' ? [] : tellWaiting(looks) };
    if (Date.now() - toldAt >= TELL_EVERY_MS) {
      toldAt = Date.now();
      onProgress?.(`waiting for the shop to come to rest: ${tellWaiting(looks).join(', ')}`);
    }
    while (looks.length > 2 && looks.at(-1)!.at - looks[1]!.at >= patienceMs) looks.shift();
    await delay(POLL_MS, signal);
  }
}

/**
 * One look that finds nothing is not enough: databases, topics and queues are read one after the other, and a message may slip
 * from one to the next in between. So it takes two, with topics of the same length.
 */
export function restOf(looks: readonly Look[], patienceMs: number): Rest | 'at work' {
  const [now, previous] = [looks.at(-1)!, looks.at(-2)];
  const isQuiet = now.waiting.length === 0;
  if (isQuiet && previous?.waiting.length === 0 && previous.length === now.length) return 'at rest';
  const since = looks.findLastIndex(({ at }) => now.at - at >= patienceMs);
  if (since < 0 || isLess(now, looks[since]!)) return 'at work';
  if (isQuiet) return previous?.waiting.length === 0 ? 'not at rest' : 'at work';
  return looks.slice(since).some(({ carried }) => carried) ? 'not at rest' : 'stuck';
}

/** The first stage in which they differ decides. */
function isLess(now: Look, before: Look): boolean {
  for (let stage = 0; stage < STAGES; stage += 1) {
    const sum = ({ waiting }: Look) => waiting.reduce((total, one) => total + (one.stage === stage ? one.count : 0), 0);
    if (sum(now) !== sum(before)) return sum(now) < sum(before);
  }
  return false;
}

/** What it waits for, how many, and by how many a second that has changed. */
export function tellWaiting(looks: readonly Look[]): string[] {
  const now = looks.at(-1)!;
  if (now.waiting.length === 0) return ['facts keep coming'];
  const before = looks.findLast(({ at }) => now.at - at >= RATE_OVER_MS) ?? looks[0]!;
  const seconds = Math.max(1, now.at - before.at) / 1_000;
  return now.waiting.map(({ what, count }) => {
    const change = count - (before.waiting.find((one) => one.what === what)?.count ?? 0);
    const rate = `${change < 0 ? '−' : '+'}${(Math.abs(change) / seconds).toFixed(1)} a second`;
    return `${count} ${what} (${change === 0 ? `unchanged for ${Math.round(seconds)} s` : rate})`;
  });
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
