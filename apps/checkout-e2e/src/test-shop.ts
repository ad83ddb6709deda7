import { engines, eventually, testNamespace } from '@cartwheel/testing';
import { randomUUID } from 'node:crypto';
import { globSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { ServiceName } from '../../../tools/setup/databases.ts';
import { startShop } from '../../../tools/shop/start-shop.ts';
import { claimFolder, stopRecorded } from '../../../tools/stack/leftovers.ts';
import { freePorts } from '../../../tools/stack/ports.ts';
import { silent } from '../../../tools/stack/progress.ts';
import { verify } from '../../../tools/verify/verify.ts';

export type TestShop = Awaited<ReturnType<typeof testShop>>;

type Order = {
  orderId: string;
  status: string;
  cancellationReason?: string;
  total: { amountMinor: number; currency: string };
};

/** The whole shop, five services in processes of their own, under a namespace of its own on the engines of this run. */
export async function testShop(env: Record<string, string> = {}, addresses = engines()) {
  const namespace = testNamespace();
  const folder = join(import.meta.dirname, '../../../.cartwheel/test', namespace);
  await claimFolder(folder);
  const ports = await freePorts();
  const shop = await startShop({
    folder,
    addresses,
    ports,
    namespace,
    partitions: 3,
    env: { LOG_LEVEL: 'warn', ...env },
    progress: silent,
  });
  const { target } = shop;

  const get = async <T>(url: string): Promise<T> => (await (await fetch(url)).json()) as T;
  return {
    ...shop,
    namespace,
    folder,
    get,
    mailboxUrl: addresses.mail.webUrl,

    /** Any request, with the answer's body as JSON. */
    async send(path: string, init: RequestInit = {}, at = target.urls.order) {
      const response = await fetch(`${at}${path}`, init);
      return {
        status: response.status,
        headers: response.headers,
        body: (await response.json()) as Record<string, unknown>,
      };
    },

    async checkout(
      item: { sku: string; quantity?: number },
      { paymentMethod = 'pm_card_visa', key = String(randomUUID()), at = target.urls.order } = {},
    ) {
      const body = {
        customer: { name: 'Ada Moreau', email: 'ada@example.com' },
        items: [{ quantity: 1, ...item }],
        payment: { paymentMethod },
      };
      const headers = { 'content-type': 'application/json', 'idempotency-key': key };
      return this.send('/checkout', { method: 'POST', headers, body: JSON.stringify(body) }, at);
    },

    /** Waits for an order to end, and tells how: `completed`, or the reason of its cancellation. */
    outcome(orderId: unknown): Promise<string> {
      return eventually(async () => {
        const order = await get<Order>(`${target.urls.order}/orders/${String(orderId)}`);
        if (order.status === 'completed') return order.status;
        if (order.cancellationReason !== undefined) return order.cancellationReason;
        throw new Error(`order is ${order.status}`);
      });
    },

    async facts(orderId: unknown) {
      type Fact = { type: string; source: string; causationId: string; id: string; data: object };
      const url = `${target.urls.analytics}/facts?orderId=${String(orderId)}`;
      return (await get<{ items: Fact[] }>(url)).items;
    },

    /** One statement on a service's database, with administrator rights. */
    async query<Row>(service: ServiceName, sql: string, values: unknown[] = []): Promise<Row[]> {
      const client = new pg.Client({ connectionString: target.databases[service] });
      await client.connect();
      try {
        return (await client.query(sql, values)).rows as Row[];
      } finally {
        await client.end();
      }
    },

    /** All that the order service has. */
    async orderIds(): Promise<string[]> {
      const rows = await this.query<{ order_id: string }>('order', 'SELECT order_id FROM orders');
      return rows.map(({ order_id }) => order_id).toSorted();
    },

    /** How often a line stands in the logs of a service, or of all. Those of level `info` only where LOG_LEVEL says so. */
    logged(message: string, service: ServiceName | '*' = '*'): number {
      const logs = globSync(join(folder, 'logs', `${service}.log`)).map((file) => readFileSync(file, 'utf8'));
      return logs.join('').split(`"msg":"${message}"`).length - 1;
    },

    /** Everything that `npm run verify` finds broken, once the shop is at rest. */
    async broken() {
      const verdicts = await verify(target, { atRestWithinMs: 45_000 });
      return verdicts.filter(({ verdict }) => verdict === 'broken');
    },

    async stop() {
      await stopRecorded(folder);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
