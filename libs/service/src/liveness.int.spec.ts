import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createDataSource, type DataSource, poolOf } from '@cartwheel/postgres';
import { testDatabase, type TestDatabase } from '@cartwheel/testing';
import { Liveness } from './liveness.ts';

let db: TestDatabase;
let dataSource: DataSource;
beforeAll(async () => {
  db = await testDatabase([]);
  dataSource = await createDataSource(db.url, { name: 'ready', max: 3 }).initialize();
});
afterAll(async () => {
  await dataSource.destroy();
  await db.drop();
});

const role = () => new URL(db.url).username;

test('a database that may only be read is not ready, and is again as soon as it may be written to', async () => {
  const liveness = new Liveness(dataSource, [], { alive: true });
  const pool = poolOf(dataSource);
  expect(await liveness.databaseWritable()).toBe(true);
  await db.admin.query(`ALTER ROLE ${role()} SET default_transaction_read_only = on`);
  // The sessions of before may still write, as they may after a change of this setting. A failover ends them.
  await db.admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [role()]);
  const sessions = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
  for (const session of sessions) session.release();
  expect(await liveness.databaseWritable()).toBe(false);
  const [one, two] = await Promise.all([pool.connect(), pool.connect()]);
  one.release();
  two.release();
  await db.admin.query(`ALTER ROLE ${role()} RESET default_transaction_read_only`);
  // Whoever is idle remembers how it was: asked once, they are gone.
  expect(await liveness.databaseWritable()).toBe(true);
  const { rows } = await pool.query<{ on: string }>(`SELECT current_setting('transaction_read_only') AS "on"`);
  expect(rows).toEqual([{ on: 'off' }]);
});

test('what has had the same work in hand for too long is not alive, once set-up was checked', () => {
  const stuck = new Liveness(dataSource, [{ alive: true }], { alive: false });
  expect(stuck.consumersAlive).toBe(true);
  stuck.prepared = true;
  expect(stuck.consumersAlive).toBe(false);
});
