import { contracts, topology } from '@cartwheel/contracts';
import { UnitOfWork, Wake } from '@cartwheel/outbox';
import { newId } from '@cartwheel/primitives';
import { testDatabase, type TestDatabase } from '@cartwheel/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { entities } from '../entities.ts';
import { schemas } from '../inventory.schema.ts';
import { StockRepository } from '../stock.repository.ts';
import { ReplenishStockController } from './replenish-stock.controller.ts';
import { ReplenishStock } from './replenish-stock.ts';

let db: TestDatabase;
let controller: ReplenishStockController;
const cause = { correlationId: newId(), causationId: `http:${newId()}` };
beforeAll(async () => {
  db = await testDatabase(schemas, { entities });
  const unitOfWork = new UnitOfWork(
    db.dataSource,
    { source: 'inventory', contracts, topology: topology() },
    new Wake(),
  );
  controller = new ReplenishStockController(unitOfWork, new ReplenishStock(new StockRepository()));
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.admin.query('TRUNCATE stock, reservations, stock_movements, stock_snapshots, outbox, message_sequences');
  await db.admin.query(`INSERT INTO stock (sku) VALUES ('mug')`);
});

const replenish = (quantity: number, { key = newId(), sku = 'mug' } = {}) =>
  controller.replenish(key, { sku }, { quantity }, cause);
const announced = async () =>
  (
    await db.admin.query<{ data: object; sequence: string }>(
      `SELECT convert_from(payload, 'UTF8')::jsonb AS data, headers->>'ce_sequence' AS sequence FROM outbox ORDER BY seq`,
    )
  ).map(({ data, sequence }) => ({ ...data, sequence: Number(sequence) }));

test('what arrives is available at once, and announced under the product', async () => {
  expect(await replenish(5)).toEqual({ sku: 'mug', quantity: 5, available: 5, reserved: 0, shipped: 0 });
  expect(await replenish(2)).toMatchObject({ available: 7 });
  expect(await announced()).toEqual([
    { sku: 'mug', quantity: 5, sequence: 1 },
    { sku: 'mug', quantity: 2, sequence: 2 },
  ]);
});

test('ten times the same request at once adds once: each is answered alike, or told to ask again', async () => {
  const key = newId();
  const asked = await Promise.allSettled(Array.from({ length: 10 }, () => replenish(5, { key })));
  const answer = await replenish(5, { key });
  expect(asked.filter(({ status }) => status === 'fulfilled')).not.toHaveLength(0);
  for (const { status, ...said } of asked)
    expect(said).toMatchObject(
      status === 'fulfilled' ? { value: answer } : { reason: { code: 'idempotency-key-in-use', status: 409 } },
    );
  expect(await announced()).toEqual([{ sku: 'mug', quantity: 5, sequence: 1 }]);
  await expect(replenish(6, { key })).rejects.toMatchObject({ code: 'idempotency-key-reused' });
});

test('fifty deliveries, ten at a time, all count, and are announced in the order in which they did', async () => {
  const deliveries = Array.from({ length: 50 }, (_, n) => n + 1).values();
  const lane = async () => {
    for (const quantity of deliveries) await replenish(quantity);
  };
  await Promise.all(Array.from({ length: 10 }, lane));
  expect(await db.admin.query('SELECT available FROM stock')).toEqual([{ available: (50 * 51) / 2 }]);
  const moved = await db.admin.query<{ available: number }>('SELECT available FROM stock_movements ORDER BY moved_at');
  const told = (await announced()) as unknown as { quantity: number; sequence: number }[];
  expect(told.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
  expect(told.map(({ quantity }) => quantity)).toEqual(moved.map(({ available }) => available));
});

test('a product that nobody stocks is refused, and the key stays free', async () => {
  const key = newId();
  await expect(replenish(1, { key, sku: 'unheard-of' })).rejects.toMatchObject({ code: 'product-not-found' });
  expect(await replenish(1, { key })).toMatchObject({ available: 1 });
});

test('more pieces than a level can hold are refused', async () => {
  await db.admin.query(
    `INSERT INTO stock_movements (sku, kind, available, reserved, shipped) VALUES ('mug', 'initial', 999999999, 0, 0)`,
  );
  await expect(replenish(2)).rejects.toMatchObject({ code: 'stock-too-large', status: 422 });
  expect(await replenish(1)).toMatchObject({ available: 1_000_000_000 });
});
