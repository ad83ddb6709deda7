import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { DatabaseUnavailable } from '@cartwheel/postgres';
import { eventually, testDatabase, type TestDatabase } from '@cartwheel/testing';
import pg from 'pg';
import { switchTo } from '../../../tools/rebuild/generation.ts';
import { schemas } from './analytics.schema.ts';
import { type Analytics, analyticsOn } from './fixtures/analytics.ts';
import { anOrder } from './fixtures/order-facts.ts';
import { consumersNow, type Projection, projections } from './generations.ts';

let db: TestDatabase;
let analytics: Analytics;
beforeAll(async () => {
  db = await testDatabase(schemas);
  analytics = await analyticsOn(db);
  await db.admin.query(
    `INSERT INTO projection_generations (projection, generation, state)
    SELECT name, 2, 'building' FROM unnest($1::text[]) AS name`,
    [Object.keys(projections)],
  );
  for (const { table } of Object.values(projections)) {
    await db.admin.query(`CREATE TABLE ${table}_r2 PARTITION OF ${table} FOR VALUES IN (2)`);
  }
});
afterAll(() => analytics.close());
beforeEach(async () => {
  await analytics.empty(...Object.values(projections).map(({ table }) => table));
  await db.admin.query(`UPDATE projection_generations SET state = 'building' WHERE generation = 2`);
  await db.admin.query(`UPDATE projection_generations SET state = 'live' WHERE generation = 1`);
});

const rowsOf = async (projection: Projection, generation: number) =>
  (
    await db.admin.query<{ row: string }>(
      `SELECT (to_jsonb(t) - 'generation')::text AS row FROM ${projections[projection].table} AS t
       WHERE generation = $1 ORDER BY 1`,
      [generation],
    )
  ).map(({ row }) => row);
const shown = () => analytics.get<{ orders: number }[]>('/sales?from=2026-03-01&to=2026-03-31');
const projectionsToTest = Object.keys(projections) as Projection[];

test.each(projectionsToTest)(
  '%s built again from the log, in other chunks and with repeats, is the same',
  async (projection) => {
    const orders = Array.from({ length: 12 }, () => anOrder());
    const steps = orders.map((order, index) => [
      order.placed(),
      ...(index % 3 === 0 ? [order.cancelled('customer')] : [order.confirmed(), order.completed()]),
      ...(index % 3 === 1 ? [order.refunded()] : []),
    ]);
    for (const chunk of steps) await analytics.project(projection, chunk);
    // Keys in another order, the facts of each in theirs; then much of it once more.
    const again = steps.toReversed().flat();
    await analytics.project(projection, again.slice(0, 17), 2);
    await analytics.project(projection, again.slice(5), 2);
    expect(await rowsOf(projection, 2)).toEqual(await rowsOf(projection, 1));
    expect(await rowsOf(projection, 1)).not.toEqual([]);
  },
);

test('only the live generation is shown, from one statement to the next', async () => {
  const order = anOrder();
  await analytics.project('sales', [order.completed()], 2);
  expect(await shown()).toEqual([]);
  await db.admin.query(
    `UPDATE projection_generations SET state = 'retired' WHERE projection = 'sales' AND generation = 1`,
  );
  await db.admin.query(
    `UPDATE projection_generations SET state = 'live' WHERE projection = 'sales' AND generation = 2`,
  );
  expect(await shown()).toMatchObject([{ orders: 1 }]);
});

test('two generations cannot be live', async () => {
  const both = `UPDATE projection_generations SET state = 'live' WHERE projection = 'funnel'`;
  await expect(db.admin.query(both)).rejects.toThrow('projection_generations_live_uq');
});

test('nothing is written to a generation that was retired, and that counts against no fact', async () => {
  await db.admin.query(
    `UPDATE projection_generations SET state = 'retired' WHERE projection = 'sales' AND generation = 1`,
  );
  await expect(analytics.project('sales', [anOrder().completed()])).rejects.toBeInstanceOf(DatabaseUnavailable);
  expect(await rowsOf('sales', 1)).toEqual([]);
  expect(await db.admin.query('SELECT 1 FROM processed_events UNION ALL SELECT 1 FROM parked_messages')).toEqual([]);
});

test('a chunk under way when its generation is retired is in it whole, and the switch waits for it', async () => {
  await analytics.project('sales', [anOrder().completed()]);
  const reader = await db.pool.connect();
  await reader.query('BEGIN; SELECT 1 FROM sales FOR UPDATE');
  const underWay = analytics.project('sales', [anOrder().completed()]);
  const admin = new pg.Client({ connectionString: db.admin.url });
  await admin.connect();
  const query = async <Row>(sql: string, values: readonly unknown[] = []) =>
    (await admin.query(sql, [...values])).rows as Row[];
  const waiting = (locktype: string) =>
    eventually(async () => {
      const locks = await db.admin.query(
        'SELECT 1 FROM pg_locks l JOIN pg_stat_activity USING (pid) WHERE NOT granted AND locktype = $1 AND datname = current_database()',
        [locktype],
      );
      expect(locks).toHaveLength(1);
    });
  await waiting('transactionid');
  const switched = switchTo({ query }, 'sales', { from: 1, next: 2 });
  await waiting('advisory');
  await reader.query('COMMIT');
  reader.release();
  await Promise.all([underWay, switched]);
  await admin.end();
  expect(await rowsOf('sales', 1)).toMatchObject([expect.stringContaining('"orders": 2')]);
  await expect(analytics.project('sales', [anOrder().completed()])).rejects.toBeInstanceOf(DatabaseUnavailable);
});

test('a service consumes for each generation that is live or being built', async () => {
  await db.admin.query(
    `UPDATE projection_generations SET state = 'dropped' WHERE generation = 2 AND projection <> 'sales'`,
  );
  const running = (await consumersNow(db.admin)).map(({ group, generation }) => `${group} ${generation}`);
  expect(running).toEqual([
    'analytics.completion 1',
    'analytics.funnel 1',
    'analytics.sales 1',
    'analytics.sales 2',
    'analytics.top-products 1',
  ]);
});
