import { topology } from '@cartwheel/contracts';
import { createKafka } from '@cartwheel/kafka';
import { engines } from '@cartwheel/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { evictMembers } from '../../../tools/drill/evict.ts';
import { type Hit, killOneAfterTheOther, type Shot } from '../../../tools/drill/kill.ts';
import { echoFacts } from './echo.ts';
import { tell } from './tell.ts';
import { testShop, type TestShop } from './test-shop.ts';

// Every hop of docs/start/checkout.md: the service dies by SIGKILL where it has done the one thing and not the other, while every
// fact is published twice, and comes back. The four services die side by side, each one death after the other.

type Hop = Shot & { readonly hop: string };
const hop = (hop: string, service: Shot['service'], window: string, about?: string): Hop => ({
  ...{ hop, service, window, pass: 1 },
  ...(about === undefined ? {} : { about }),
});

const hops: readonly Hop[] = [
  hop('a checkout → the order', 'order', 'checkout-before-answer'),
  hop('the order → everybody', 'order', 'relay-before-delete'),
  hop('an answer → the order, before COMMIT', 'order', 'fact-before-commit', '^INSERT INTO order_events'),
  hop('an answer → the order, after COMMIT', 'order', 'fact-before-offset', '^INSERT INTO order_events'),

  hop('placed → reserve', 'inventory', 'fact-before-offset', '^INSERT INTO reservations'),
  hop('reserved → the order', 'inventory', 'relay-before-confirm'),
  hop(
    'completed, cancelled, refunded → ship, release, return',
    'inventory',
    'fact-before-offset',
    '^UPDATE reservations',
  ),

  hop('placed → ask for the money', 'payment', 'fact-before-offset', '^INSERT INTO payments'),
  hop('ask → the queue', 'payment', 'task-before-confirm', 'payment\\.card\\.authorize'),
  hop('hold the money', 'payment', 'gateway-confirm'),
  hop('held → the order', 'payment', 'relay-before-delete'),
  hop('confirmed → the queue', 'payment', 'task-before-confirm', 'payment\\.card\\.capture'),
  hop('take the money', 'payment', 'gateway-capture'),
  hop('let the hold go', 'payment', 'gateway-void'),
  hop('give the money back', 'payment', 'gateway-refund'),
  hop('an outcome → the acknowledgement', 'payment', 'outcome-before-ack'),

  hop('a milestone → a mail', 'email', 'fact-before-offset', '^INSERT INTO emails'),
  hop('the mail → the queue', 'email', 'task-before-confirm'),
  hop('the mail → the mailbox', 'email', 'mail-before-record'),
];

/** What a customer wants, and how it has to end. */
type Wish = {
  readonly sku: string;
  readonly ends: readonly string[];
  readonly paymentMethod?: string;
  readonly givesBack?: true;
  readonly cancelsAtOnce?: true;
};
const wishes: readonly Wish[] = [
  { sku: 'mug-blue', ends: ['refunded'], givesBack: true },
  { sku: 'clock-oak', ends: ['stock-short'], paymentMethod: 'pm_cartwheel_slow' },
  { sku: 'teapot', ends: ['completed'] },
  { sku: 'mug-white', ends: ['payment-declined'], paymentMethod: 'pm_card_visa_chargeDeclined' },
  { sku: 'bowl-large', ends: ['customer', 'refunded'], paymentMethod: 'pm_cartwheel_slow', cancelsAtOnce: true },
];
const NEXT_CUSTOMER_MS = 700;
/** More wait outside: a machine that is slow is no reason for an order to be late. */
const CUSTOMERS_AT_ONCE = 10;
const ASK_AGAIN_MS = 400;

let shop: TestShop;
beforeAll(async () => {
  shop = await testShop({ LOG_LEVEL: 'info', NODE_COMPILE_CACHE: join(tmpdir(), 'cartwheel-compiled') });
}, 120_000);
afterAll(() => shop?.stop(), 60_000);

/** As a client should: the same request, until the answer is one that will do. */
async function insist<T, E>(
  ask: () => Promise<{ data?: T; error?: E }>,
  willDo = (answer: { data?: T; error?: E }) => answer.data !== undefined,
): Promise<T> {
  for (const deadline = Date.now() + 90_000; Date.now() < deadline; await sleep(ASK_AGAIN_MS)) {
    const answer = await ask().catch(() => undefined);
    if (answer && willDo(answer)) return answer.data!;
  }
  throw new Error('no answer that would do within 90 s');
}

async function live(wish: Wish): Promise<string> {
  const { sku, paymentMethod = 'pm_card_visa', givesBack, cancelsAtOnce, ends } = wish;
  const { orders } = shop;
  const params = { header: { 'Idempotency-Key': randomUUID() } };
  const body = {
    customer: { name: 'Ada Moreau', email: 'ada@example.com' },
    items: [{ sku, quantity: 1 }],
    payment: { paymentMethod },
  };
  const { orderId } = await insist(() => orders.POST('/checkout', { params, body }));
  const path = { params: { path: { id: orderId } } };
  const cancel = () =>
    insist(
      () => orders.POST('/orders/{id}/cancellation', path),
      // The service may have died between the change and its answer.
      ({ data, error }) => data !== undefined || error?.code === 'order-already-cancelled',
    );
  const ended = async (wanted: readonly string[]) => {
    const { status, cancellationReason } = await insist(
      () => orders.GET('/orders/{id}', path),
      ({ data }) => wanted.includes(data?.cancellationReason ?? String(data?.status)),
    );
    return cancellationReason ?? status;
  };
  if (cancelsAtOnce) await cancel();
  if (givesBack) {
    await ended(['completed']);
    await cancel();
  }
  return ended(ends);
}

/** The services side by side, each one death after the other. */
async function killAll(): Promise<Hit[]> {
  const { target, folder, namespace } = shop;
  const kafka = createKafka(engines().kafka.brokers, 'undertaker');
  const killing = {
    shop,
    folder,
    reachWithinMs: 40_000,
    lastDeathAt: 0,
    signal: new AbortController().signal,
    // Kafka would find out by itself, after 10 s.
    onDeath: (service: Shot['service']) =>
      evictMembers(kafka, target.kafkaBrokers[0]!, topology(namespace).groupId(service as 'order')),
    onHit: () => undefined,
  };
  const lanes = [...Map.groupBy(hops, ({ service }) => service)];
  return (await Promise.all(lanes.map(([service, own]) => killOneAfterTheOther(service, own, killing)))).flat();
}

test('whichever hop a service dies at, with every fact delivered twice, each order ends as it must, and the books agree', async () => {
  await using echo = await echoFacts(shop.namespace, 1);
  let echoed = 0;
  const lives: Promise<string>[] = [];
  const inside = new Set<Promise<unknown>>();
  const killings = killAll();
  let over = false;
  const done = killings.then(
    () => (over = true),
    () => (over = true),
  );
  try {
    for (let n = 0; !over && n < 300; n += 1) {
      const life = live(wishes[n % wishes.length]!);
      // Reported when all of them are awaited.
      const left = life.catch(() => undefined).finally(() => inside.delete(left));
      inside.add(left);
      lives.push(life);
      while (!over && inside.size >= CUSTOMERS_AT_ONCE) await Promise.race([done, ...inside]);
      await Promise.race([done, sleep(NEXT_CUSTOMER_MS)]);
    }
    await done;
  } finally {
    echoed = await echo.end();
  }
  const hits = await killings;
  expect(hits.filter(({ missed }) => missed !== undefined)).toEqual([]);
  const ends = await Promise.all(lives);
  expect(await shop.broken()).toEqual([]);
  tell('every hop dies', {
    deaths: hits.length,
    orders: lives.length,
    'of these completed': ends.filter((end) => end === 'completed').length,
    'facts sent again': echoed,
    'duplicates absorbed': shop.logged('fact duplicate') + shop.logged('task duplicate'),
  });
}, 240_000);
