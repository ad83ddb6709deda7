import { grantSchema, limitSessions, migrate, type Queryable, type Schema } from '@cartwheel/postgres';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { schemas as analytics } from '../../apps/analytics/src/analytics.schema.ts';
import { schemas as email } from '../../apps/email/src/email.schema.ts';
import { schemas as inventory } from '../../apps/inventory/src/inventory.schema.ts';
import { schemas as order } from '../../apps/order/src/order.schema.ts';
import { schemas as payment } from '../../apps/payment/src/payment.schema.ts';
import { catalogue, currency } from './catalogue.ts';

export const services = ['order', 'payment', 'inventory', 'email', 'analytics'] as const;
export type ServiceName = (typeof services)[number];

export type Server = { host: string; port: number; user: string; password: string };

const schemasOf: Record<ServiceName, readonly Schema[]> = { order, payment, inventory, email, analytics };

/** A database's address, with administrator rights or those of the service. */
export type DatabaseUrls = { readonly admin: string; readonly service: string };

/**
 * Creates what is missing of one service's database: the database, a role that may only do what the schemas grant, the
 * tables and the seed. The role gets `password`, or a new random one each time. Safe to repeat; data stays.
 */
export async function prepareDatabase(
  server: Server,
  service: ServiceName,
  namespace: string,
  password = secret(),
): Promise<DatabaseUrls> {
  const name = databaseName(service, namespace);
  await connected(url(server, 'postgres'), async (db) => {
    const [database] = await db.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (!database) await db.query(`CREATE DATABASE "${name}"`);
    const [role] = await db.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name]);
    if (!role) await db.query(`CREATE ROLE "${name}"`);
    await db.query(
      `ALTER ROLE "${name}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '${password.replaceAll("'", "''")}'`,
    );
    for (const limit of limitSessions(name)) await db.query(limit);
    await db.query(`REVOKE ALL ON DATABASE "${name}" FROM PUBLIC`);
    await db.query(`GRANT CONNECT ON DATABASE "${name}" TO "${name}"`);
  });
  const admin = adminUrl(server, service, namespace);
  await migrate(admin, schemasOf[service]);
  await connected(admin, async (db) => {
    await db.query('BEGIN');
    await db.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    for (const schema of schemasOf[service]) await grantSchema(db, schema, name);
    // This month and the twelve that follow. An id of a month that nobody made is kept too, and moves there the next time.
    await db.query(`SELECT make_id_months((now() AT TIME ZONE 'UTC')::date, 13)`);
    await seed(db, service);
    await db.query('COMMIT');
  });
  return { admin, service: url({ ...server, user: name, password }, name) };
}

/** `cartwheel_order`, or `<namespace>_order`. */
export function databaseName(service: ServiceName, namespace: string): string {
  return `${namespace === '' ? 'cartwheel' : namespace}_${service}`;
}

/** A database's address with administrator rights. */
export function adminUrl(server: Server, service: ServiceName, namespace: string): string {
  return url(server, databaseName(service, namespace));
}

async function seed(db: Queryable, service: ServiceName): Promise<void> {
  const rows = JSON.stringify(catalogue);
  if (service === 'order') {
    await db.query(
      `INSERT INTO products (sku, name, price_minor, currency)
       SELECT sku, name, "priceMinor", $2 FROM jsonb_to_recordset($1::jsonb) AS p(sku text, name text, "priceMinor" int)
       ON CONFLICT DO NOTHING`,
      [rows, currency],
    );
  }
  if (service === 'inventory') {
    const added = await db.query<{ sku: string }>(
      `INSERT INTO stock (sku) SELECT sku FROM jsonb_to_recordset($1::jsonb) AS p(sku text)
       ON CONFLICT DO NOTHING RETURNING sku`,
      [rows],
    );
    await db.query(
      `INSERT INTO stock_movements (sku, kind, available, reserved, shipped)
       SELECT sku, 'initial', stock, 0, 0 FROM jsonb_to_recordset($1::jsonb) AS p(sku text, stock int) WHERE sku = ANY($2)`,
      [rows, added.map(({ sku }) => sku)],
    );
  }
  if (service === 'analytics') {
    // This month and the twelve that follow. A fact of a month that nobody made is kept too, and moves there the next time.
    await db.query(`SELECT make_fact_months((now() AT TIME ZONE 'UTC')::date, 13)`);
  }
}

export async function connected(connectionString: string, work: (db: Queryable) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString, application_name: 'set-up' });
  // A query says itself that the connection is lost; without a listener the process would end beside it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await work({
      query: async <Row>(sql: string, values: readonly unknown[] = []) =>
        (await client.query(sql, [...values])).rows as Row[],
    });
  } finally {
    await client.end();
  }
}

function url({ host, port, user, password }: Server, database: string): string {
  return `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
}

function secret(): string {
  return randomBytes(18).toString('base64url');
}
