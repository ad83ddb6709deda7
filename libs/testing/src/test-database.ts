import {
  createDataSource,
  type DataSource,
  type DataSourceSettings,
  grantSchema,
  limitSessions,
  migrate,
  type Pool,
  poolOf,
  type Queryable,
  type Schema,
  transaction,
} from '@cartwheel/postgres';
import { createHash } from 'node:crypto';
import pg from 'pg';
import { engines, testNamespace } from './engines.ts';

export type TestDatabase = {
  /** As a service: with the rights that the schemas grant, and no others. */
  readonly url: string;
  readonly dataSource: DataSource;
  /** The pool below it. */
  readonly pool: Pool;
  /** As an administrator, for whatever a test must arrange or look at. */
  readonly admin: Queryable & { readonly url: string };
  /** Closes both pools and drops the database. */
  drop(): Promise<void>;
};

/** A database of its own with these schemas, cloned from a template, and a role as least-privileged as a service's. */
export async function testDatabase(
  schemas: readonly Schema[],
  { entities = [] }: Pick<DataSourceSettings, 'entities'> = {},
): Promise<TestDatabase> {
  const { host, port, user, password } = engines().postgres;
  const name = testNamespace();
  const urlOf = (as: string, secret: string, database: string) =>
    `postgresql://${as}:${encodeURIComponent(secret)}@${host}:${port}/${database}`;
  const connected = async (database: string, work: (client: pg.Client) => Promise<unknown>) => {
    const client = new pg.Client({ connectionString: urlOf(user, password, database) });
    await client.connect();
    await work(client).finally(() => client.end());
  };
  await connected('postgres', async (server) => {
    const template = await templateOf(schemas, server, (database) => urlOf(user, password, database));
    await server.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
    await server.query(`CREATE ROLE ${name} LOGIN PASSWORD 'test'`);
    for (const limit of limitSessions(name)) await server.query(limit);
  });

  const adminUrl = urlOf(user, password, name);
  const administrator = await createDataSource(adminUrl, { name: 'test-admin', max: 3 }).initialize();
  const admin = {
    url: adminUrl,
    query: async <Row>(sql: string, values: readonly unknown[] = []) =>
      (await poolOf(administrator).query(sql, [...values])).rows as Row[],
  };
  await transaction(administrator, async (tx) => {
    for (const schema of schemas) await grantSchema(tx, schema, name);
  });
  const url = urlOf(name, 'test', name);
  const dataSource = await createDataSource(url, { name: 'test', max: 10, entities }).initialize();
  return {
    url,
    dataSource,
    pool: poolOf(dataSource),
    admin,
    async drop() {
      await Promise.all([dataSource.destroy(), administrator.destroy()]);
      await connected('postgres', async (server) => {
        await server.query(`DROP DATABASE ${name} WITH (FORCE)`);
        await server.query(`DROP ROLE ${name}`);
      });
    },
  };
}

/** A database with these tables to copy from. One per set of schemas; it stays as long as the engines of this run. */
async function templateOf(
  schemas: readonly Schema[],
  server: pg.Client,
  urlOf: (database: string) => string,
): Promise<string> {
  const made = schemas.flatMap(({ migrations }) => migrations.map((one) => `${new one().name} ${String(one)}`));
  const name = `template_${createHash('sha256').update(made.join()).digest('hex').slice(0, 16)}`;
  // Two workers may want it in the same moment, and nobody may copy it before its tables are there: all wait here.
  await server.query('SELECT pg_advisory_lock(hashtext($1))', [name]);
  try {
    const { rows } = await server.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rows.length > 0) return name;
    await server.query(`CREATE DATABASE ${name}`);
    await migrate(urlOf(name), schemas);
    return name;
  } finally {
    await server.query('SELECT pg_advisory_unlock(hashtext($1))', [name]);
  }
}
