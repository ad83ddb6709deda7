import { consumerOf } from '@cartwheel/contracts';
import { engines, eventually, runFixture } from '@cartwheel/testing';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { join } from 'node:path';
import { anOrder } from '../../apps/analytics/src/fixtures/order-facts.ts';
import { type Projection, projections } from '../../apps/analytics/src/generations.ts';
import { runningAnalytics } from './fixtures/running-analytics.ts';
import { rebuild, type Step } from './rebuild.ts';

jest.setTimeout(180_000);

let analytics: Awaited<ReturnType<typeof runningAnalytics>>;
let completed = 0;
beforeAll(async () => {
  analytics = await runningAnalytics(engines());
  await publishOrders(50);
}, 300_000);
afterAll(() => analytics?.stop());

async function publishOrders(count: number): Promise<void> {
  const orders = Array.from({ length: count }, () => anOrder());
  await analytics.publish(orders.flatMap((order) => [order.placed(), order.confirmed(), order.completed()]));
  completed += count;
}
const sold = async () => {
  const days = await analytics.get<{ orders: number }[]>('/sales?from=2026-03-01&to=2026-03-31');
  return days[0]?.orders ?? 0;
};
const again = (projection: Projection, compareOnly = false) =>
  rebuild({ ...analytics, projection, compareOnly, say: () => undefined });

/** All that is left of a projection's generations in the database. */
async function remains(projection: Projection) {
  const { group, table } = projections[projection];
  const column = async (sql: string, value: string) =>
    (await analytics.query<{ name: string }>(sql, [value])).map(({ name }) => name);
  return {
    states: await column(
      `SELECT state AS name FROM projection_generations WHERE projection = $1 AND state <> 'dropped'`,
      projection,
    ),
    live: Number(
      await column(
        `SELECT generation::text AS name FROM projection_generations WHERE projection = $1 AND state = 'live'`,
        projection,
      ),
    ),
    consumers: await column(
      `SELECT DISTINCT consumer AS name FROM processed_events WHERE consumer LIKE $1`,
      `${group}%`,
    ),
    tables: await column(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = $1::regclass`,
      table,
    ),
  };
}
async function expectOneGeneration(projection: Projection): Promise<void> {
  const { group, table } = projections[projection];
  const { live, ...rest } = await remains(projection);
  expect(rest).toEqual({ states: ['live'], consumers: [consumerOf(group, live)], tables: [`${table}_r${live}`] });
}

test.each(Object.keys(projections) as Projection[])(
  '%s is rebuilt while facts arrive and readers ask, is equal to the live one, and loses and doubles nothing',
  async (projection) => {
    let building = true;
    const meanwhile = (async () => {
      while (building) {
        await publishOrders(3);
        await sold();
      }
    })();
    const { behind, ahead, rows } = await again(projection).finally(() => (building = false));
    await meanwhile;
    expect({ behind, ahead, rows }).toEqual({ behind: 0, ahead: 0, rows: [] });
    await publishOrders(1);
    await eventually(async () => expect(await sold()).toBe(completed));
    await expectOneGeneration(projection);
  },
);

test.each<Step>(['begun', 'caught-up', 'compared', 'retired', 'group-deleted', 'dropped'])(
  'a rebuild that dies when it is "%s" leaves one generation to readers, and the next run ends it',
  async (step) => {
    const died = await runFixture(join(import.meta.dirname, 'fixtures/dying-rebuild.ts'), {
      NAMESPACE: analytics.namespace,
      DATABASE: analytics.database,
      BROKERS: analytics.kafkaBrokers.join(),
      PROJECTION: 'sales',
      DIES_AFTER: step,
    });
    expect(died).toMatchObject({ signal: 'SIGKILL', output: '' });
    await publishOrders(2);
    await eventually(async () => expect(await sold()).toBe(completed));
    expect(await again('sales')).toMatchObject({ behind: 0, ahead: 0, rows: [] });
    expect(await sold()).toBe(completed);
    await expectOneGeneration('sales');
  },
);

test('a comparison names the rows in which the live one is wrong, and leaves it as it is', async () => {
  await analytics.query(`UPDATE sales SET orders = orders + 1`);
  const { rows } = await again('sales', true);
  expect(rows.map(({ of }) => of)).toEqual(['rebuilt', 'live']);
  expect(rows[1]!.row).toContain(`"orders": ${completed + 1}`);
  expect(await sold()).toBe(completed + 1);
  await expectOneGeneration('sales');
});

test('a rebuild mends what was wrong', async () => {
  expect((await again('sales')).rows).toHaveLength(2);
  expect(await sold()).toBe(completed);
});
