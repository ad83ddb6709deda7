import { applySchema, createPool, grantSchema, type Pool, type Queryable, type Schema } from '@cartwheel/postgres';
import pg from 'pg';
import { engines, testNamespace } from './engines.ts';

export type TestDatabase = {
  /** As a service: with the rights that the schemas grant, and no others. */
  readonly url: string;
  readonly pool: Pool;
  /** As an administrator, for whatever a test must arrange or look at. */
  readonly admin: Queryable & { readonly url: string };
  /** Closes both pools and drops the database. */
  drop(): Promise<void>;
};

/** A database of its own with these schemas, and a role as least-privileged as a service's. */
export async function testDatabase(schemas: readonly Schema[]): Promise<TestDatabase> {
  const { host, port, user, password } = engines().postgres;
  const name = testNamespace();
  const urlOf = (as: string, secret: string, database: string) =>
    `postgresql://${as}:${encodeURIComponent(secret)}@${host}:${port}/${database}`;
  const onServer = async (...statements: string[]) => {
    const client = new pg.Client({ connectionString: urlOf(user, password, 'postgres') });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  };
  await onServer(`CREATE DATABASE ${name}`, `CREATE ROLE ${name} LOGIN PASSWORD 'test'`);

  const adminUrl = urlOf(user, password, name);
  const adminPool = createPool(adminUrl, { name: 'test-admin', max: 3 });
  const admin = {
    url: adminUrl,
    query: async <Row>(sql: string, values: readonly unknown[] = []) =>
      (await adminPool.query(sql, [...values])).rows as Row[],
  };
  for (const schema of schemas) {
    await applySchema(admin, schema);
    await grantSchema(admin, schema, name);
  }
  const url = urlOf(name, 'test', name);
  const pool = createPool(url, { name: 'test', max: 10 });
  return {
    url,
    pool,
    admin,
    async drop() {
      await Promise.all([pool.end(), adminPool.end()]);
      await onServer(`DROP DATABASE ${name} WITH (FORCE)`, `DROP ROLE ${name}`);
    },
  };
}
