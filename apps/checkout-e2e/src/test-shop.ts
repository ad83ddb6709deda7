import { orderClient } from '@cartwheel/client';
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
import { hasFailed, verify } from '../../../tools/verify/verify.ts';

export type TestShop = Awaited<ReturnType<typeof testShop>>;

/** What a request came to, as tests look at it: the answer, or the problem. */
export async function answered<Data, Problem>(
  asked: Promise<{ data?: Data; error?: Problem; response: Response }>,
): Promise<{ status: number; headers: Headers; body: Partial<Data> & Omit<Partial<Problem>, keyof Data> }> {
  const { data, error, response } = await asked;
  return { status: response.status, headers: response.headers, body: (data ?? error) as never };
}

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
    /** The order's API, typed. */
    orders: orderClient(target.urls.order),

    /** Any request, also a wrong one, with the answer's body as JSON. */
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
      return answered(orderClient(at).POST('/checkout', { params: { header: { 'Idempotency-Key': key } }, body }));
    },

    cancel(orderId: unknown) {
      const path = { id: String(orderId) };
      return answered(this.orders.POST('/orders/{id}/cancellation', { params: { path } }));
    },

    /** The order as it is; with `at`, as it was then. */
    order(orderId: unknown, at?: string) {
      const query = at === undefined ? {} : { at };
      return answered(this.orders.GET('/orders/{id}', { params: { path: { id: String(orderId) }, query } }));
    },

    /** Waits for an order to end, and tells how: `completed`, or the reason of its cancellation. */
    outcome(orderId: unknown): Promise<string> {
      return eventually(async () => {
        const { body } = await this.order(orderId);
        if (body.status === 'completed') return body.status;
        if (body.cancellationReason !== undefined) return body.cancellationReason;
        throw new Error(`order is ${body.status}`);
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

    /** Everything that `npm run verify` finds broken once the shop is at rest, and what is left to do if it does not come to rest. */
    async broken() {
      return (await verify(target, { patienceMs: 45_000 })).filter(hasFailed);
    },

    async stop() {
      await stopRecorded(folder);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
