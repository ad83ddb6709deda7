import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { asProgram } from '../program.ts';
import { replenish } from '../shop/replenish.ts';
import { startShop, type Shop } from '../shop/start-shop.ts';
import { stackOption } from '../stack-option.ts';
import { Friendly } from '../stack/friendly.ts';
import { stopRecorded } from '../stack/leftovers.ts';
import { freePorts } from '../stack/ports.ts';
import { createProgress, silent } from '../stack/progress.ts';
import { type Addresses, startStack } from '../stack/stack.ts';
import { type Measured, priceTable } from './price-table.ts';

const HELP = `npm run price                  what metrics and tracing cost: CPU time of the five
                               services per order, and their memory
  -- --orders <n>              per measurement, 400 if left out
  -- --rounds <n>              4 if left out; each measures every mode once
  -- --stack docker|native|external
Starts engines of its own. Linux only. Nothing else should run meanwhile; what
does, hits all modes alike, because they take turns.`;

/** Metrics are scraped as Prometheus would, spans go to somebody who takes and forgets them. */
const modes = {
  off: { OTEL_METRICS_EXPORTER: 'none', OTEL_TRACES_EXPORTER: 'none' },
  metrics: { OTEL_TRACES_EXPORTER: 'none' },
  'metrics + a tenth of the traces': {
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.1',
  },
  'metrics + all traces': {},
} as const satisfies Record<string, Record<string, string>>;
const SCRAPE_EVERY_MS = 5_000;
const WARM_UP = 200;
const AT_ONCE = 4;
const TICK_MS = 10;

const options = { orders: { type: 'string' }, rounds: { type: 'string' }, stack: { type: 'string' } } as const;
await asProgram(HELP, options, async ({ orders = '400', rounds = '4', stack: chosen }, signal) => {
  if (process.platform !== 'linux') throw new Friendly('This reads /proc, which only Linux has.');
  const [perRun, times] = [Number(orders), Number(rounds)];
  if (!(perRun >= 1 && times >= 1)) throw new Friendly(`These are no numbers of orders and rounds.`);
  const progress = createProgress();
  const folder = join(import.meta.dirname, `../../.cartwheel/price/${process.pid}`);
  const stack = await startStack({ folder, ports: 'free', progress, signal, ...stackOption(chosen) });
  let spans = 0;
  const sink = createServer((request, response) => {
    void text(request).then((body) => {
      spans += body.split('"startTimeUnixNano"').length - 1;
      response.end('{}');
    });
  });
  await once(sink.listen(0, '127.0.0.1'), 'listening');
  const endpoint = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`;
  const measured: Measured[] = [];
  try {
    for (let round = 1; round <= times; round += 1) {
      // They take turns in being first.
      const all = Object.entries(modes);
      const first = (round - 1) % all.length;
      for (const [mode, own] of [...all.slice(first), ...all.slice(0, first)]) {
        signal.throwIfAborted();
        const env = { LOG_LEVEL: 'info', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...own };
        await progress.step(`round ${round}: ${mode}`, async () => {
          spans = 0;
          const found = await measure(stack.addresses, env, perRun, { folder: `${folder}-shop`, signal });
          measured.push({ mode, ...found, spansPerOrder: spans / (perRun + WARM_UP) });
        });
      }
    }
    console.log(
      `\n${priceTable(measured, Object.keys(modes))}\n\n${perRun} orders each, ${times} rounds, ${stack.provider} engines.`,
    );
  } finally {
    sink.close();
    await progress.step('stopping', () => stack.stop());
    rmSync(folder, { recursive: true, force: true });
  }
});
process.exit();

/** A shop of its own, warmed up; then orders, until the last mail is sent and the last fact is recorded. */
async function measure(
  addresses: Addresses,
  env: Record<string, string>,
  orders: number,
  { folder, signal }: { folder: string; signal: AbortSignal },
) {
  const namespace = `price-${randomBytes(4).toString('hex')}`;
  const ports = await freePorts();
  let scraping: NodeJS.Timeout | undefined;
  try {
    const shop = await startShop({ folder, addresses, ports, namespace, partitions: 3, env, progress: silent });
    scraping = setInterval(() => {
      if (!('OTEL_METRICS_EXPORTER' in env)) for (const url of Object.values(shop.target.urls)) void scrape(url);
    }, SCRAPE_EVERY_MS);
    const idleMb = residentMb(shop);
    await replenish(shop.target.urls.inventory, { sku: 'plate-small', quantity: WARM_UP + orders }, signal);
    await place(shop, WARM_UP);
    await atRest(shop, WARM_UP);
    const before = cpuMs(shop);
    await place(shop, orders);
    await atRest(shop, WARM_UP + orders);
    return { cpuMsPerOrder: (cpuMs(shop) - before) / orders, idleMb, residentMb: residentMb(shop) };
  } finally {
    clearInterval(scraping);
    await stopRecorded(folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function scrape(url: string): Promise<void> {
  const answer = await fetch(`${url}/metrics`);
  await answer.text();
}

async function place({ target }: Shop, orders: number): Promise<void> {
  let left = orders;
  const customer = async () => {
    while (left > 0) {
      left -= 1;
      const response = await fetch(`${target.urls.order}/checkout`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
        body: JSON.stringify({
          customer: { name: 'Ada Moreau', email: 'ada@example.com' },
          items: [{ sku: 'plate-small', quantity: 1 }],
          payment: { paymentMethod: 'pm_card_visa' },
        }),
      });
      if (response.status !== 202) throw new Friendly(`a checkout was answered with ${response.status}`);
      await response.text();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, customer));
}

/** Each order leaves seven facts and two mails. */
async function atRest({ target }: Shop, orders: number): Promise<void> {
  const [mails, facts] = [new pg.Client(target.databases.email), new pg.Client(target.databases.analytics)];
  await Promise.all([mails.connect(), facts.connect()]);
  const count = async (client: pg.Client, sql: string) => (await client.query<{ n: number }>(sql)).rows[0]!.n;
  try {
    for (;;) {
      const sent = await count(mails, `SELECT count(*)::int AS n FROM emails WHERE state = 'sent'`);
      const recorded = await count(facts, 'SELECT count(*)::int AS n FROM facts');
      if (sent >= orders * 2 && recorded >= orders * 7) return;
      await sleep(100);
    }
  } finally {
    await Promise.all([mails.end(), facts.end()]);
  }
}

/** What the five have used so far, in user and system mode. */
function cpuMs({ instances }: Shop): number {
  const ticks = Object.values(instances).map(({ pid }) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, one) => sum + one, 0) * TICK_MS;
}

/** Of all five together; pages that they share are counted each time. */
function residentMb({ instances }: Shop): number {
  const sizes = Object.values(instances).map(({ pid }) =>
    Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]),
  );
  return sizes.reduce((sum, kb) => sum + kb, 0) / 1_024;
}
