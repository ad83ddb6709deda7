import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Shop } from '../shop/start-shop.ts';
import { freePorts } from '../stack/ports.ts';
import { type RunningProcess, waitUntilReady } from '../stack/processes.ts';
import { requestOf } from './shoppers.ts';

/** Who holds the advisory lock of the relay to Kafka leads (libs/outbox/src/relay.ts). */
const LEADER = `
  SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database
  WHERE l.locktype = 'advisory' AND l.classid = ${0x0b0b} AND l.objid = 1 AND l.granted AND d.datname = current_database()`;
const READY = { deadlineMs: 30_000 };
const GIVE_UP_MS = 60_000;

/** In ms from the SIGKILL of the leader. */
export type Handover = {
  /** Until the other instance leads. */
  readonly ledMs: number;
  /** Until a fact that was committed after the death is published. */
  readonly publishedMs: number;
};

/** Kills, of two instances of the order service, the one whose relay leads; again and again, in turns. */
export async function measureHandovers(
  shop: Shop,
  times: number,
  onDeath: (service: 'order') => Promise<void>,
  signal: AbortSignal,
): Promise<Handover[]> {
  const database = new pg.Client({ connectionString: shop.target.databases.order, application_name: 'drill' });
  await database.connect();
  const leader = async () => (await database.query<{ pid: number }>(LEADER)).rows[0]?.pid;
  const waiting = async () => (await database.query(`SELECT 1 FROM outbox WHERE channel = 'kafka'`)).rowCount ?? 0;
  const second = (await freePorts()).order;
  const instances = [
    { url: shop.target.urls.order, start: () => shop.startService('order') },
    {
      url: `http://127.0.0.1:${second}`,
      start: () => shop.startService('order', { name: 'order-2', env: { HTTP_PORT: String(second) } }),
    },
  ];
  const running: (RunningProcess | undefined)[] = [];
  const start = async (n: number) => {
    const { url, start: go } = instances[n]!;
    const started = go();
    running[n] = started;
    await waitUntilReady(
      started,
      () =>
        fetch(`${url}/health/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
      { ...READY, signal },
    );
  };
  try {
    await shop.stopService('order');
    await start(0);
    await until(async () => (await leader()) !== undefined, signal);
    await start(1);
    const handovers: Handover[] = [];
    for (let n = 0; n < times; n += 1) {
      const [dying, other] = n % 2 === 0 ? [0, 1] : [1, 0];
      const before = await leader();
      process.kill(running[dying]!.pid, 'SIGKILL');
      const diedAt = performance.now();
      const placed = checkout(instances[other]!.url);
      await until(async () => ![before, undefined].includes(await leader()), signal);
      const ledMs = performance.now() - diedAt;
      await placed;
      await until(async () => (await waiting()) === 0, signal);
      handovers.push({ ledMs, publishedMs: performance.now() - diedAt });
      await onDeath('order');
      await start(dying);
    }
    return handovers;
  } finally {
    await running[1]?.stop();
    if (running[0]?.hasExited() && !signal.aborted) await start(0);
    await database.end();
  }
}

async function checkout(url: string): Promise<void> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
  await fetch(`${url}/checkout`, { method: 'POST', headers, body: JSON.stringify(requestOf(0)) });
}

async function until(isSo: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  for (const deadline = Date.now() + GIVE_UP_MS; !(await isSo()); await sleep(5, undefined, { signal })) {
    if (Date.now() > deadline) throw new Error('no other instance leads after a minute');
  }
}

/** One line; in tenths of a second where there are several. */
export function renderHandovers(handovers: readonly Handover[]): string {
  const range = (numbers: readonly number[]) =>
    [...new Set([Math.min(...numbers), Math.max(...numbers)].map((ms) => Math.round(ms)))].join('–');
  const led = range(handovers.map(({ ledMs }) => ledMs));
  const published = range(handovers.map(({ publishedMs }) => publishedMs));
  return `relay of order, leader killed ${handovers.length} times: led again after ${led} ms, published after ${published} ms`;
}
