import { contracts, type Delivery, topology } from '@cartwheel/contracts';
import { type FactContext, type FactHandlers, FactInbox } from '@cartwheel/inbox';
import { Wake } from '@cartwheel/outbox';
import { parking } from '@cartwheel/parking';
import { newId } from '@cartwheel/primitives';
import { eventually, orderFacts, orderLives, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EndReservation } from './end-reservation.ts';
import { entities } from './entities.ts';
import { schemas } from './inventory.schema.ts';
import { ReleaseStockOnOrderCancelled } from './release-stock/on-order-cancelled.consumer.ts';
import { ReserveStockOnOrderPlaced } from './reserve-stock/on-order-placed.consumer.ts';
import { ReserveStock } from './reserve-stock/reserve-stock.ts';
import { ReturnStockOnOrderRefunded } from './return-stock/on-order-refunded.consumer.ts';
import { ShipStockOnOrderCompleted } from './ship-stock/on-order-completed.consumer.ts';
import { lockStock, StockRepository } from './stock.repository.ts';

// When a topic gets more partitions, the facts of one order may be read in any order, and two of them at once.

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase(schemas, { entities });
});
afterAll(() => db.drop());

const live = new AbortController().signal;
const stock = new StockRepository();
const endReservation = new EndReservation(stock);
type Handle = (data: never, context: FactContext) => Promise<unknown>;
const consumers: Record<string, Handle> = {
  OrderPlaced: (data, ctx) => new ReserveStockOnOrderPlaced(new ReserveStock(stock), endReservation).reserve(data, ctx),
  OrderCancelled: (data, ctx) => new ReleaseStockOnOrderCancelled(endReservation).release(data, ctx),
  OrderCompleted: (data, ctx) => new ShipStockOnOrderCompleted(endReservation).ship(data, ctx),
  OrderRefunded: (data, ctx) => new ReturnStockOnOrderRefunded(endReservation).return(data, ctx),
};
/** `then` runs when the handler has done its work, and before the transaction ends. */
const handlers = (then: (fact: FactContext) => Promise<unknown> = () => Promise.resolve()): FactHandlers => ({
  has: (type) => type in consumers,
  async handle(type, data, context) {
    await consumers[type]!(data as never, context);
    await then(context);
  },
});
const origin = { source: 'inventory', contracts, topology: topology() };
const inbox = () =>
  new FactInbox({
    consumer: 'inventory',
    dataSource: db.dataSource,
    origin,
    wake: new Wake(),
    locks: lockStock,
    parking,
  });

/** A product that only this test sells. */
async function product(): Promise<string> {
  const sku = newId();
  await db.admin.query('INSERT INTO stock (sku) VALUES ($1)', [sku]);
  await db.admin.query(
    `INSERT INTO stock_movements (sku, kind, available, reserved, shipped) VALUES ($1, 'initial', 100, 0, 0)`,
    [sku],
  );
  return sku;
}
const levels = async (sku: string) =>
  (await db.admin.query('SELECT available, reserved, shipped FROM stock WHERE sku = $1', [sku]))[0];
const announced = async (orderId: string) =>
  (
    await db.admin.query<{ type: string }>(
      `SELECT type FROM outbox WHERE convert_from(key, 'UTF8') = $1 ORDER BY seq`,
      [orderId],
    )
  ).map(({ type }) => type);

test('the facts of several orders leave the stock as it should be, in whatever order they are read', async () => {
  const lives = fc.array(fc.constantFrom(...orderLives), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(lives, fc.infiniteStream(fc.nat()), fc.integer({ min: 1, max: 4 }), async (of, picks, size) => {
      const sku = await product();
      const left = of.flatMap((life) => orderFacts(life, { sku, quantity: 2 }));
      const read: Delivery[] = [];
      for (const pick of picks) {
        if (left.length === 0) break;
        read.push(...left.splice(pick % left.length, 1));
      }
      for (let at = 0; at < read.length; at += size) {
        await inbox().apply(read.slice(at, at + size), handlers(), live);
      }
      const shipped = 2 * of.filter((life) => life === 'completed').length;
      expect(await levels(sku)).toEqual({ available: 100 - shipped, reserved: 0, shipped });
    }),
    { numRuns: 60 },
  );
  expect(await db.admin.query('SELECT 1 FROM parked_messages')).toEqual([]);
}, 120_000);

test('an order whose cancellation is read first holds no stock, and is answered as in the right order', async () => {
  const sku = await product();
  const orderId = newId();
  const [placed, cancelled] = orderFacts('cancelled', { orderId, sku });
  await inbox().apply([cancelled!, placed!], handlers(), live);
  expect(await levels(sku)).toEqual({ available: 100, reserved: 0, shipped: 0 });
  expect(await announced(orderId)).toEqual(['StockReserved', 'StockReleased']);
});

test('an order whose refund is read before its completion is shipped and taken back', async () => {
  const sku = await product();
  const orderId = newId();
  const [placed, , completed, , refunded] = orderFacts('refunded', { orderId, sku });
  await inbox().apply([placed!, refunded!, completed!], handlers(), live);
  expect(await levels(sku)).toEqual({ available: 100, reserved: 0, shipped: 0 });
  expect(await announced(orderId)).toEqual(['StockReserved', 'StockShipped', 'StockReturned']);
});

test.each([
  ['OrderPlaced', 0, 1],
  ['OrderCancelled', 1, 0],
])('a cancellation and its order, read at once, do not look past each other: %s first', async (_, first, second) => {
  const sku = await product();
  const facts = orderFacts('cancelled', { sku });
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const { promise: worked, resolve: hasWorked } = Promise.withResolvers<void>();
  const slow = handlers(() => {
    hasWorked();
    return held;
  });
  const one = inbox().apply([facts[first]!], slow, live);
  await worked;
  let isOver = false;
  const other = inbox()
    .apply([facts[second]!], handlers(), live)
    .finally(() => (isOver = true));
  await eventually(async () => {
    const sql = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    // Without a lock nobody waits, and it is over.
    if (!isOver) expect(await db.admin.query(sql)).toHaveLength(1);
  });
  release();
  await Promise.all([one, other]);
  expect(await levels(sku)).toEqual({ available: 100, reserved: 0, shipped: 0 });
});
