import { topology } from '@cartwheel/contracts';
import { createKafka } from '@cartwheel/kafka';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { forgetLedger } from '../shop/forget-ledger.ts';
import { type Shop, startShop } from '../shop/start-shop.ts';
import { claimFolder } from '../stack/leftovers.ts';
import { startNative } from '../stack/native.ts';
import type { Brokers } from '../stack/native/kafka.ts';
import { freePorts } from '../stack/ports.ts';
import type { Progress } from '../stack/progress.ts';
import { withFreePorts } from '../stack/stack.ts';
import { untilInSync } from '../stack/three-brokers.ts';
import { serviceNames } from '../verify/target.ts';
import { failuresOf, hasFailed, renderVerdicts, type Verdict, verify } from '../verify/verify.ts';
import { asCustomersSawIt, Shoppers } from './shoppers.ts';

export type BrokerRow = {
  readonly fault: string;
  /** Placed while it was tried. */
  readonly orders: number;
  /** From the last fault to the end of an order that was placed after it, with the broker still away; undefined: none ended. */
  readonly goesOnAfterMs: number | undefined;
  readonly failed: readonly Verdict[];
};

type Drill = {
  readonly brokers: Brokers;
  readonly shop: Shop;
  readonly ports: Awaited<ReturnType<typeof freePorts>>;
  readonly shoppers: Shoppers;
  readonly signal: AbortSignal;
};

/** Returns how long the shop stood still, with all brokers in sync again. */
type Fault = { readonly name: string; readonly run: (drill: Drill) => Promise<number | undefined> };

const restartOf = (id: number): Fault => ({
  name: `broker ${id} restarted`,
  run: (drill) =>
    away(drill, id, async ({ brokers }) => {
      await brokers.stop(id);
    }),
});

const leaderKilled: Fault = {
  name: 'the broker that leads most killed',
  run: async (drill) => {
    const id = await busiest(drill);
    return away(drill, id, ({ brokers }) => brokers.kill(id));
  },
};

const rollingRestart: Fault = {
  name: 'rolling restart of all brokers',
  async run(drill) {
    const stood: (number | undefined)[] = [];
    for (const id of drill.brokers.ids) stood.push(await restartOf(id).run(drill));
    return stood.includes(undefined) ? undefined : Math.max(...(stood as number[]));
  },
};

/** The first in the list of brokers that the services know: those that start now must find the cluster without it. */
const startsWithoutOne: Fault = {
  name: 'broker 1 away, all services restarted',
  run: (drill) =>
    away(drill, 1, async ({ brokers, shop, ports }) => {
      await brokers.stop(1);
      await Promise.all(
        serviceNames.map(async (name) => {
          await shop.stopService(name);
          await shop.startInstance(name, ports[name]);
        }),
      );
    }),
};

export const brokerFaults: readonly Fault[] = [rollingRestart, leaderKilled, startsWithoutOne];
/** One restart and one death. */
export const quickBrokerFaults: readonly Fault[] = [restartOf(2), leaderKilled];

const folder = join(import.meta.dirname, '../../.cartwheel/drill-brokers');
const CUSTOMERS = 8;
const PATIENCE_MS = 180_000;
/** Longer than any time-out on the way of an order: what has not ended by then stands. */
const GOES_ON_WITHIN_MS = 60_000;

/** A shop on three Kafka brokers, of which one after the other fails under load; after each fault, every promise. */
export async function drillBrokers(
  faults: readonly Fault[],
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<BrokerRow[]> {
  await claimFolder(folder);
  const stack = await withFreePorts((ports) => startNative({ folder, ports, progress, signal, brokers: 3 }));
  try {
    forgetLedger(folder);
    const ports = await freePorts();
    const env = { LOG_LEVEL: 'warn', NODE_COMPILE_CACHE: join(folder, 'compiled') };
    const shop = await startShop({ folder, addresses: stack.addresses, ports, env, progress, signal });
    const shoppers = new Shoppers(shop.target.urls.order, signal);
    const rows: BrokerRow[] = [];
    for (const fault of faults) {
      rows.push(await tryOne(fault, { brokers: stack.brokers, shop, ports, shoppers, signal }, progress));
    }
    return rows;
  } catch (error) {
    // Whatever failed because everything is being stopped.
    signal.throwIfAborted();
    throw error;
  } finally {
    await progress.step('stopping', () => stack.stop());
  }
}

async function tryOne({ name, run }: Fault, drill: Drill, progress: Progress): Promise<BrokerRow> {
  const { shop, shoppers, signal } = drill;
  const before = shoppers.orders.size;
  shoppers.come(CUSTOMERS);
  const goesOnAfterMs = await progress.step(name, () => run(drill));
  const verdicts = await progress.step('coming to rest, and checking every promise', async () => {
    await shoppers.goHome();
    const checked = await verify(shop.target, { patienceMs: PATIENCE_MS, signal });
    return [...checked, asCustomersSawIt(shoppers)];
  });
  const failed = verdicts.filter(hasFailed);
  if (failed.length > 0) progress.say(renderVerdicts(failed));
  return { fault: name, orders: shoppers.orders.size - before, goesOnAfterMs, failed };
}

/** Waits until the shop works, lets a broker fail, waits until it works without that one, and brings the broker back. */
async function away(drill: Drill, id: number, fail: (drill: Drill) => Promise<void>): Promise<number | undefined> {
  const { brokers, shoppers, signal } = drill;
  await goesOn(shoppers, Date.now(), signal);
  await fail(drill);
  const failedAt = Date.now();
  const goesOnAfterMs = await goesOn(shoppers, failedAt, signal);
  await brokers.start(id);
  await untilInSync(brokers.addresses);
  return goesOnAfterMs;
}

/** In ms, until an order has ended that was placed after `since`. */
async function goesOn(shoppers: Shoppers, since: number, signal: AbortSignal): Promise<number | undefined> {
  while (Date.now() - since < GOES_ON_WITHIN_MS) {
    if (shoppers.newestEnded > since) return Date.now() - since;
    await sleep(50, undefined, { signal });
  }
  return undefined;
}

async function busiest({ brokers, shop }: Drill): Promise<number> {
  const { kafkaBrokers, namespace } = shop.target;
  const admin = createKafka(kafkaBrokers, 'drill').admin();
  await admin.connect();
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: topology(namespace).topics.map(({ name }) => name) });
    const leaders = topics.flatMap(({ partitions }) => partitions.map(({ leader }) => leader));
    const led = (id: number) => leaders.filter((leader) => leader === id).length;
    return brokers.ids.toSorted((a, b) => led(b) - led(a))[0]!;
  } finally {
    await admin.disconnect();
  }
}

export function brokersTable(rows: readonly BrokerRow[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const body = rows.map(({ fault, orders, goesOnAfterMs, failed }) => {
    const after = goesOnAfterMs === undefined ? 'never' : `${(goesOnAfterMs / 1000).toFixed(1)} s`;
    return line([fault, String(orders), after, failuresOf(failed)]);
  });
  const head = ['Kafka', 'orders', 'goes on after', 'verify'];
  return [line(head), line(head.map(() => '---')), ...body].join('\n');
}

export function brokersHeld({ goesOnAfterMs, failed }: BrokerRow): boolean {
  return goesOnAfterMs !== undefined && failed.length === 0;
}

/** `3 faults of brokers, 3 held, 0 broken`: a shop that stands still while one broker is away has broken. */
export function brokersClosing(rows: readonly BrokerRow[]): string {
  const held = rows.filter(brokersHeld).length;
  return `${rows.length} faults of brokers, ${held} held, ${rows.length - held} broken`;
}
