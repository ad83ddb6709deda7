import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '@cartwheel/testing';
import pg from 'pg';
import { freePorts } from '../../../tools/stack/ports.ts';
import { customers } from './customers.ts';
import { tell } from './tell.ts';
import { testShop, type TestShop } from './test-shop.ts';

// A process that is frozen keeps its connections, locks and memory, and goes on later as if nothing had happened.

let shop: TestShop;
beforeAll(async () => {
  shop = await testShop({ LOG_LEVEL: 'info' });
}, 180_000);
afterAll(async () => {
  // Only one that is awake can stop.
  for (const { pid, hasExited } of Object.values(shop?.instances ?? {})) if (!hasExited()) process.kill(pid, 'SIGCONT');
  await shop?.stop();
}, 60_000);

const freeze = (name: keyof TestShop['instances']) => process.kill(shop.instances[name].pid, 'SIGSTOP');
const thaw = (name: keyof TestShop['instances']) => process.kill(shop.instances[name].pid, 'SIGCONT');

/** How many sessions of inventory wait for another one, with this statement. */
const waiting = async (statement: string) => {
  const rows = await shop.query(
    'inventory',
    `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'inventory'
       AND wait_event_type = 'Lock' AND query LIKE $1`,
    [`%${statement}%`],
  );
  return rows.length;
};
const statusOf = async (orderId: unknown) => {
  const rows = await shop.query<{ status: string }>('order', 'SELECT status FROM orders WHERE order_id = $1', [
    orderId,
  ]);
  return rows[0]!.status;
};

test('others do the work of frozen instances, and these, awake again, do none of it twice', async () => {
  const ports = await freePorts();
  const second = (name: 'order' | 'payment') => `http://127.0.0.1:${ports[name]}`;
  let doors = [shop.target.urls.order];
  using load = customers(() => doors, { perSecond: 5 });

  // Payment, with a task in hand whose answer from the gateway will have come when it wakes.
  await shop.checkout({ sku: 'teapot' }, { paymentMethod: 'pm_cartwheel_slow' });
  await eventually(async () => {
    const inHand = `SELECT 1 FROM task_attempts WHERE ended_at IS NULL AND started_at < now() - interval '0.5 s'`;
    expect(await shop.query('payment', inHand)).not.toHaveLength(0);
  });
  freeze('payment');

  // Inventory, with a chunk that is applied and not committed: the next thing it does is COMMIT.
  const holder = new pg.Client({ connectionString: shop.target.databases.inventory });
  await holder.connect();
  await holder.query('BEGIN; LOCK TABLE outbox IN SHARE MODE');
  await eventually(async () => expect(await waiting('INSERT INTO outbox')).toBeGreaterThan(0));
  freeze('inventory');
  await holder.end();

  // And order, which leads its relay.
  freeze('order');
  await Promise.all([
    shop.startInstance('order', ports.order),
    shop.startInstance('payment', ports.payment),
    shop.startInstance('inventory', ports.inventory),
  ]);
  doors = [second('order')];

  // The group has given inventory's partitions away, and the other one wants the same facts.
  await eventually(async () => expect(await waiting('INSERT INTO processed_events')).toBeGreaterThan(0));
  thaw('inventory');
  await eventually(() => expect(shop.logged('fact duplicate', 'inventory')).toBeGreaterThan(0));

  // A relay's leader is one for 30 s after its last word. Then the other one publishes.
  const { body } = await shop.checkout({ sku: 'mug-blue' }, { at: second('order') });
  await eventually(async () => expect(await statusOf(body.orderId)).toBe('completed'), { withinMs: 90_000 });
  thaw('order');
  thaw('payment');
  doors = [shop.target.urls.order, second('order')];
  await load.stop();

  expect(await shop.broken()).toEqual([]);
  expect(await shop.orderIds()).toEqual(expect.arrayContaining(load.orderIds));
  tell('frozen members', {
    orders: (await shop.orderIds()).length,
    'requests without an answer': load.refused,
    'duplicates absorbed': shop.logged('fact duplicate') + shop.logged('task duplicate'),
  });
}, 300_000);
