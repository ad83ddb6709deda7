import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Envelope } from '@cartwheel/contracts';
import { transaction } from '@cartwheel/postgres';
import { newId } from '@cartwheel/primitives';
import { testDatabase, type TestDatabase } from '@cartwheel/testing';
import { entities } from '../entities.ts';
import { schemas } from '../inventory.schema.ts';
import { lockStock, StockRepository } from '../stock.repository.ts';
import { ReserveStock } from './reserve-stock.ts';

let db: TestDatabase;
const stock = new StockRepository();
const reserveStock = new ReserveStock(stock);

beforeAll(async () => {
  db = await testDatabase(schemas, { entities });
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.admin.query('TRUNCATE stock, reservations, stock_movements, stock_snapshots');
  await db.admin.query(`INSERT INTO stock (sku) VALUES ('lamp'), ('mug'), ('vase')`);
  await db.admin.query(
    `INSERT INTO stock_movements (sku, kind, available, reserved, shipped)
     VALUES ('lamp', 'initial', 3, 0, 0), ('mug', 'initial', 100, 0, 0), ('vase', 'initial', 100, 0, 0)`,
  );
});

type Items = { sku: string; quantity: number }[];
const placed = (orderId: string, items: Items) => [
  { type: 'OrderPlaced', data: { orderId, items } } as unknown as Envelope,
];

/** As the inbox does it: lock first, then the handler, in one transaction. */
function reserve(orderId: string, items: Items) {
  return transaction(db.dataSource, async (tx) => {
    await lockStock(tx, placed(orderId, items));
    return reserveStock.execute(tx, orderId, items);
  });
}
const levels = async (sku: string) =>
  (await db.admin.query('SELECT available, reserved, shipped FROM stock WHERE sku = $1', [sku]))[0];
const ledger = async (sku: string) =>
  (
    await db.admin.query(
      'SELECT sum(available)::int AS available, sum(reserved)::int AS reserved FROM stock_movements WHERE sku = $1',
      [sku],
    )
  )[0];

test('of ten orders at once for the last three pieces exactly three are reserved, and the others hear how many were left', async () => {
  const results = await Promise.all(Array.from({ length: 10 }, () => reserve(newId(), [{ sku: 'lamp', quantity: 1 }])));
  expect(results.filter((shortfall) => shortfall.length === 0)).toHaveLength(3);
  expect(results.filter((shortfall) => shortfall.length > 0)).toEqual(
    Array.from({ length: 7 }, () => [{ sku: 'lamp', requested: 1, available: 0 }]),
  );
  expect(await levels('lamp')).toEqual({ available: 0, reserved: 3, shipped: 0 });
  expect(await ledger('lamp')).toEqual({ available: 0, reserved: 3 });
});

test('an order is reserved whole or not at all', async () => {
  const shortfall = await reserve(newId(), [
    { sku: 'mug', quantity: 2 },
    { sku: 'lamp', quantity: 4 },
    { sku: 'unheard-of', quantity: 1 },
  ]);
  expect(shortfall).toEqual([
    { sku: 'lamp', requested: 4, available: 3 },
    { sku: 'unheard-of', requested: 1, available: 0 },
  ]);
  expect(await levels('mug')).toEqual({ available: 100, reserved: 0, shipped: 0 });
});

test('orders that name the same products in opposite orders do not deadlock', async () => {
  const both: Items = [
    { sku: 'mug', quantity: 1 },
    { sku: 'vase', quantity: 1 },
  ];
  await Promise.all(
    Array.from({ length: 40 }, (_, index) => reserve(newId(), index % 2 === 0 ? both : both.toReversed())),
  );
  expect(await levels('mug')).toEqual({ available: 60, reserved: 40, shipped: 0 });
  expect(await levels('vase')).toEqual({ available: 60, reserved: 40, shipped: 0 });
});

test('a reservation ends once: released or shipped, and only what was shipped comes back, once', async () => {
  const orderId = newId();
  const items = [{ sku: 'mug', quantity: 5 }];
  await reserve(orderId, items);
  const end = (as: 'released' | 'shipped' | 'returned') =>
    transaction(db.dataSource, (tx) => stock.end(tx, orderId, as));
  expect(await end('returned')).toEqual([]);
  expect(await end('shipped')).toEqual(items);
  expect(await end('released')).toEqual([]);
  expect(await end('shipped')).toEqual([]);
  expect(await levels('mug')).toEqual({ available: 95, reserved: 0, shipped: 5 });
  expect(await end('returned')).toEqual(items);
  expect(await end('returned')).toEqual([]);
  expect(await levels('mug')).toEqual({ available: 100, reserved: 0, shipped: 0 });
});
