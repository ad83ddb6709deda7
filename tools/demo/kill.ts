import { setTimeout as sleep } from 'node:timers/promises';
import { evictorOf } from '../drill/evict.ts';
import { type Hit, killOneAfterTheOther, type Shot } from '../drill/kill.ts';
import type { Shop } from '../shop/start-shop.ts';
import type { DemoOrder, PlacedOrder } from './place.ts';
import { place } from './place.ts';

/** Two deaths on the way of one order, each between two effects: one is done, the other is not. */
const shots: readonly Shot[] = [
  // The first that it sends is OrderPlaced, the second is OrderConfirmed.
  { service: 'order', window: 'relay-before-send', pass: 2 },
  { service: 'payment', window: 'gateway-capture', pass: 1 },
];
const REACH_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 100;

/** Places the order while both wait for their moment to die by SIGKILL; each is started again. Returns when that has been. */
export async function killOnItsWay(
  shop: Shop,
  folder: string,
  order: DemoOrder,
  signal: AbortSignal,
): Promise<{ placed: PlacedOrder; hits: Hit[] }> {
  const { urls } = shop.target;
  const evict = evictorOf(shop.target);
  await Promise.all(shots.map(({ service }) => shop.stopService(service)));
  const killing = {
    shop,
    folder,
    reachWithinMs: REACH_WITHIN_MS,
    lastDeathAt: 0,
    signal,
    onDeath: evict,
    onHit: () => {},
  };
  const lanes = Promise.all(shots.map((shot) => killOneAfterTheOther(shot.service, [shot], { ...killing })));
  lanes.catch(() => undefined);
  await Promise.all(shots.map(({ service }) => untilReady(urls[service], signal)));
  const placed = await place(urls.order, order, signal);
  const hits = (await lanes).flat();
  await Promise.all(shots.map(({ service }) => untilReady(urls[service], signal)));
  return { placed, hits };
}

async function untilReady(url: string, signal: AbortSignal): Promise<void> {
  const isReady = () =>
    fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(1_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  const deadline = Date.now() + REACH_WITHIN_MS;
  while (!(await isReady()) && Date.now() < deadline) await sleep(LOOK_EVERY_MS, undefined, { signal });
}
