import { contracts, topology } from '@cartwheel/contracts';
import { UnitOfWork, Wake } from '@cartwheel/outbox';
import { newId } from '@cartwheel/primitives';
import { eventually, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { cancel, notePaymentAuthorized, noteStockReserved, place } from '../../apps/order/src/domain/order.ts';
import { entities } from '../../apps/order/src/entities.ts';
import { OrderRepository } from '../../apps/order/src/order.repository.ts';
import { schemas } from '../../apps/order/src/order.schema.ts';
import { rebuildOrders } from './orders.ts';

const orders = new OrderRepository();
const cause = { correlationId: newId(), causationId: `http:${newId()}` };
let db: TestDatabase;
let unitOfWork: UnitOfWork;

beforeAll(async () => {
  db = await testDatabase(schemas, { entities });
  unitOfWork = new UnitOfWork(db.dataSource, { source: 'order', contracts, topology: topology() }, new Wake());
});
afterAll(() => db?.drop());
afterEach(() => db.admin.query('TRUNCATE orders, order_events, outbox'));

async function placed(): Promise<string> {
  const orderId = newId();
  const mug = { sku: 'mug', name: 'Mug', quantity: 2, unitPrice: { amountMinor: 1_250, currency: 'EUR' } };
  const customer = { name: 'Ada Moreau', email: 'ada@example.com' };
  const change = place({ orderId, customer, items: [mug], paymentMethod: 'pm_card_visa' });
  await unitOfWork.run(cause, (tx) => orders.save(tx, 0, change));
  return orderId;
}
const confirm = async (orderId: string) => {
  await unitOfWork.run(cause, (tx) => orders.change(tx, orderId, notePaymentAuthorized));
  await unitOfWork.run(cause, (tx) => orders.change(tx, orderId, noteStockReserved));
};
const rebuild = (compareOnly = false) => rebuildOrders(db.admin.url, { compareOnly });
const rows = () => db.admin.query<{ order_id: string }>('SELECT * FROM orders ORDER BY order_id');

test.each<[string, string, RegExp]>([
  [
    'another status',
    `UPDATE orders SET status = 'placed' WHERE order_id = $1`,
    /^is listed as placed, its state is con/,
  ],
  [
    'another state',
    `UPDATE orders SET state = state || '{"status": "completed"}' WHERE order_id = $1`,
    /^is completed, its stream leads to confirmed$/,
  ],
  [
    'another version',
    'UPDATE orders SET version = 2 WHERE order_id = $1',
    /^is at version 2, its stream has 4 events$/,
  ],
  ['other times', `UPDATE orders SET placed_at = placed_at - interval '1 second' WHERE order_id = $1`, /times/],
  ['no row', 'DELETE FROM orders WHERE order_id = $1', /^is missing, its stream leads to confirmed$/],
  ['no stream', 'DELETE FROM order_events WHERE stream_id = $1', /^has no stream$/],
])('an order with %s is named by a comparison, and as its events say after a rebuild', async (_, plant, how) => {
  const [orderId] = [await placed(), await placed()];
  await confirm(orderId);
  const untouched = await rows();
  expect(await rebuild(true)).toEqual({ orders: 2, strays: [], left: [] });

  await db.admin.query(plant, [orderId]);
  const planted = await rows();
  const found = await rebuild(true);
  expect(found.strays).toContainEqual({ orderId, how: expect.stringMatching(how) });
  expect(found.left).toEqual(found.strays);
  expect(await rows()).toEqual(planted);

  expect(await rebuild()).toMatchObject({ strays: found.strays, left: [] });
  const isKept = (row: { order_id: string }) => row.order_id !== orderId || !how.test('has no stream');
  expect(await rows()).toEqual(untouched.filter(isKept));
});

test('a stream with a gap leads nowhere: its order is named and left as it is', async () => {
  const orderId = await placed();
  await confirm(orderId);
  await db.admin.query('DELETE FROM order_events WHERE stream_id = $1 AND version = 2', [orderId]);
  const before = await rows();
  const strays = [{ orderId, how: 'event 2 of its stream is missing' }];
  expect(await rebuild()).toEqual({ orders: 1, strays, left: strays });
  expect(await rows()).toEqual(before);
});

test('nobody is shown: what is said of an order holds no name and no address', async () => {
  const orderId = await placed();
  await db.admin.query(`UPDATE orders SET state = jsonb_set(state, '{customer,name}', '"Grace"')`);
  expect((await rebuild(true)).strays).toEqual([{ orderId, how: 'is placed, its stream leads to placed' }]);
});

test('a comparison finds every order whole while writers go on', async () => {
  const ids = await Promise.all(Array.from({ length: 12 }, placed));
  let writing = true;
  const writers = Promise.all(ids.map(confirm)).finally(() => (writing = false));
  let compared = 0;
  while (writing || compared < 3) {
    expect(await rebuild(true)).toEqual({ orders: 12, strays: [], left: [] });
    compared++;
  }
  await writers;
});

test('a rebuild waits for the writer of an order, and keeps what that one wrote', async () => {
  const orderId = await placed();
  await db.admin.query("UPDATE orders SET updated_at = placed_at - interval '1 day'");
  let rebuilt: ReturnType<typeof rebuild> | undefined;
  await unitOfWork.run(cause, async (tx) => {
    await orders.change(tx, orderId, cancel);
    rebuilt = rebuild();
    await eventually(async () => {
      const [waiting] = await db.admin.query<{ n: string }>(
        `SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'rebuild'
         AND wait_event_type = 'Lock'`,
      );
      expect(Number(waiting!.n)).toBe(1);
    });
  });
  expect(await rebuilt).toMatchObject({ strays: [{ orderId }], left: [] });
  expect(await rows()).toMatchObject([{ status: 'cancelled', version: 2 }]);
});
