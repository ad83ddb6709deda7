import { topology } from '@cartwheel/contracts';
import { connect } from 'amqplib';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type PlacedOrder, place } from '../../demo/place.ts';
import type { Shop } from '../../shop/start-shop.ts';
import { readState } from '../../stack/process-state.ts';
import type { ServiceName } from '../../verify/target.ts';

/** The shop in which something is broken, on native engines whose processes the folder knows. */
export type Scene = {
  readonly shop: Shop;
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Whatever breaks something writes down here how it is mended, before anything else can fail. */
  readonly undo: AsyncDisposableStack;
  /** How long an order may take to get where it is waited for. */
  readonly withinMs: number;
};

/** Mends what was broken; once more does nothing. */
type Mend = () => Promise<void>;

/** It keeps its connections, and says nothing. */
export function freeze({ folder, undo }: Scene, name: string): Mend {
  const { pid } = readState(folder).processes.find((process) => process.name === name)!;
  const mend = async () => void process.kill(pid, 'SIGCONT');
  undo.defer(mend);
  process.kill(pid, 'SIGSTOP');
  return mend;
}

/** Whoever wants to read or write the table waits, and fails after its `lock_timeout`. */
export async function lockTable({ shop, undo }: Scene, service: ServiceName, table: string): Promise<Mend> {
  const client = new pg.Client({ connectionString: shop.target.databases[service], application_name: 'drill' });
  // PostgreSQL may be stopped while the lock is held.
  client.on('error', () => undefined);
  const mend = () => client.end();
  undo.defer(mend);
  await client.connect();
  await client.query(`BEGIN; LOCK TABLE ${table}`);
  return mend;
}

/** Rows of the outbox come and go in one transaction; a snapshot that is older keeps vacuum from them. */
export async function holdDeadRows({ shop, undo }: Scene, service: ServiceName): Promise<Mend> {
  const url = shop.target.databases[service];
  const client = new pg.Client({ connectionString: url, application_name: 'drill' });
  client.on('error', () => undefined);
  const mend = async () => {
    await client.end();
    await query(url, 'VACUUM outbox');
  };
  undo.defer(mend);
  await client.connect();
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM outbox');
  await query(
    url,
    `BEGIN;
     INSERT INTO outbox (channel, id, destination, type, headers)
       SELECT 'dead-letters', gen_random_uuid(), 'drill', 'drill', '{}' FROM generate_series(1, 250000);
     DELETE FROM outbox WHERE destination = 'drill'; COMMIT`,
  );
  return mend;
}

/** Nobody gets into a service's database, and who is in is thrown out. */
export async function closeDatabase({ shop, undo }: Scene, service: ServiceName): Promise<void> {
  const url = new URL(shop.target.databases[service]);
  const name = url.pathname.slice(1);
  url.pathname = '/postgres';
  const allow = (allowed: boolean) =>
    query(String(url), `ALTER DATABASE "${name}" WITH ALLOW_CONNECTIONS ${String(allowed)}`);
  undo.defer(async () => void (await allow(true)));
  await allow(false);
  await query(String(url), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
}

const REFUSES = `
  CREATE FUNCTION drill_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN RAISE EXCEPTION 'the drill refuses this'; END $$;
  CREATE TRIGGER drill_refuses BEFORE INSERT ON `;
const REFUSES_NO_MORE = 'DROP FUNCTION IF EXISTS drill_refuses() CASCADE';

/** Every row is refused, by the database. */
export async function refuseRows({ shop, undo }: Scene, service: ServiceName, table: string): Promise<void> {
  const url = shop.target.databases[service];
  undo.defer(async () => void (await query(url, REFUSES_NO_MORE)));
  await query(url, `${REFUSES}${table} FOR EACH ROW EXECUTE FUNCTION drill_refuses()`);
}

/** A task that nobody can read, on the cards' queue. */
export async function sendNonsense({ shop }: Scene): Promise<void> {
  const connection = await connect(shop.target.rabbitmqUrl);
  connection.on('error', () => undefined);
  try {
    const channel = await connection.createConfirmChannel();
    channel.sendToQueue(topology(shop.target.namespace).queue('payment.card'), Buffer.from('no task'));
    await channel.waitForConfirms();
  } finally {
    await connection.close();
  }
}

/** As if a fact of this order had been lost on its way to analytics. Ended as docs/operate/runbook.md says. */
export async function makeGap({ shop, undo }: Scene, orderId: string): Promise<void> {
  const url = shop.target.databases.analytics;
  const where = `WHERE topic LIKE '%order-events' AND subject = '${orderId}'`;
  undo.defer(async () => void (await query(url, `UPDATE fact_sequences SET seen = last, gap_since = NULL ${where}`)));
  await query(url, `UPDATE fact_sequences SET seen = seen - 1, gap_since = now() ${where}`);
}

/** One order, with a good card. */
export function order({ shop, signal }: Scene): Promise<PlacedOrder> {
  const body = {
    customer: { name: 'Ada Moreau', email: 'ada@example.com' },
    items: [{ sku: 'plate-small', quantity: 1 }],
    payment: { paymentMethod: 'pm_card_visa' },
  };
  return place(shop.target.urls.order, { key: randomUUID(), body }, signal);
}

/** Waits until a statement on a service's database, with administrator rights, finds a row. */
export async function untilThere(scene: Scene, service: ServiceName, sql: string): Promise<void> {
  const there = async () => (await query(scene.shop.target.databases[service], sql)).length > 0;
  await until(sql, there, scene);
}

/** @throws when `withinMs` have passed without `condition` */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  { withinMs, signal }: Pick<Scene, 'withinMs' | 'signal'>,
): Promise<void> {
  for (const deadline = Date.now() + withinMs; !(await condition()); await sleep(250, undefined, { signal }))
    if (Date.now() > deadline) throw new Error(`not within ${Math.round(withinMs / 1_000)} s: ${what}`);
}

async function query(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString, application_name: 'drill' });
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}
