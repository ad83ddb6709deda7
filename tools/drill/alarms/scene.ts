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
export type Scene = { readonly shop: Shop; readonly folder: string; readonly signal: AbortSignal };

/** Ends what was broken. */
export type Mend = () => Promise<void>;

/** It keeps its connections, and says nothing. */
export function freeze({ folder }: Scene, name: string): Mend {
  const { pid } = readState(folder).processes.find((process) => process.name === name)!;
  process.kill(pid, 'SIGSTOP');
  return async () => void process.kill(pid, 'SIGCONT');
}

/** Whoever wants to write to the table waits, and fails after his `lock_timeout`. */
export async function lockTable({ shop }: Scene, service: ServiceName, table: string): Promise<Mend> {
  const client = new pg.Client({ connectionString: shop.target.databases[service], application_name: 'drill' });
  await client.connect();
  await client.query(`BEGIN; LOCK TABLE ${table}`);
  return () => client.end();
}

/** Nobody gets into a service's database, and who is in is thrown out. */
export async function closeDatabase(scene: Scene, service: ServiceName): Promise<Mend> {
  const url = new URL(scene.shop.target.databases[service]);
  const name = url.pathname.slice(1);
  url.pathname = '/postgres';
  const allow = (allowed: boolean) =>
    query(String(url), `ALTER DATABASE "${name}" WITH ALLOW_CONNECTIONS ${String(allowed)}`);
  await allow(false);
  await query(String(url), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
  return async () => void (await allow(true));
}

const REFUSES = `
  CREATE FUNCTION drill_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN RAISE EXCEPTION 'the drill refuses this'; END $$;
  CREATE TRIGGER drill_refuses BEFORE INSERT ON `;
const REFUSES_NO_MORE = 'DROP FUNCTION drill_refuses() CASCADE';

/** Every row is refused, by the database. */
export async function refuseRows({ shop }: Scene, service: ServiceName, table: string): Promise<Mend> {
  const url = shop.target.databases[service];
  await query(url, `${REFUSES}${table} FOR EACH ROW EXECUTE FUNCTION drill_refuses()`);
  return async () => void (await query(url, REFUSES_NO_MORE));
}

/** A task that nobody can read, on the cards' queue. */
export async function sendNonsense({ shop }: Scene): Promise<void> {
  const connection = await connect(shop.target.rabbitmqUrl);
  const channel = await connection.createConfirmChannel();
  channel.sendToQueue(topology(shop.target.namespace).queue('payment.card'), Buffer.from('no task'));
  await channel.waitForConfirms();
  await connection.close();
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
export async function untilThere({ shop, signal }: Scene, service: ServiceName, sql: string): Promise<void> {
  const there = async () => (await query(shop.target.databases[service], sql)).length > 0;
  await until(sql, there, { withinMs: 60_000, signal });
}

/** @throws when `withinMs` have passed without `condition` */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  { withinMs, signal }: { withinMs: number; signal: AbortSignal },
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
