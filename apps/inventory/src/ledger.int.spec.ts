import { transaction } from '@cartwheel/postgres';
import { newId } from '@cartwheel/primitives';
import { testDatabase, type TestDatabase } from '@cartwheel/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { stockAt } from './get-stock/stock-at.ts';
import { entities } from './entities.ts';
import { schemas } from './inventory.schema.ts';
import { StockRepository } from './stock.repository.ts';

let db: TestDatabase;
const stock = new StockRepository();
beforeAll(async () => {
  db = await testDatabase(schemas, { entities });
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.admin.query('TRUNCATE stock, reservations, stock_movements, stock_snapshots');
  await db.admin.query(`INSERT INTO stock (sku) VALUES ('mug'), ('vase')`);
});

const asService = (sql: string) => db.pool.query(sql);
const replenish = (sku: string, quantity: number) =>
  transaction(db.dataSource, (tx) => stock.replenish(tx, { sku, quantity }));
const append = (kind: string, available: number, reserved = 0, shipped = 0) =>
  asService(
    `INSERT INTO stock_movements (sku, kind, available, reserved, shipped)
     VALUES ('mug', '${kind}', ${available}, ${reserved}, ${shipped})`,
  );
/** Movements of 1, 2, 3 … pieces. */
const many = (movements: number) =>
  asService(
    `INSERT INTO stock_movements (sku, kind, available, reserved, shipped)
     SELECT 'mug', 'replenished', n, 0, 0 FROM generate_series(1, ${movements}) AS n`,
  );

describe('the level is the sum of the ledger', () => {
  test('because the database adds up each movement, and the service may change no level', async () => {
    await replenish('mug', 7);
    await transaction(db.dataSource, (tx) => stock.reserve(tx, newId(), [{ sku: 'mug', quantity: 3 }]));
    const levels = `SELECT sku, available, reserved, shipped FROM stock WHERE sku = 'mug'`;
    expect(await db.admin.query(levels)).toEqual([{ sku: 'mug', available: 4, reserved: 3, shipped: 0 }]);
    for (const level of ['available', 'reserved', 'shipped', 'movements', 'moved_at'])
      await expect(asService(`UPDATE stock SET ${level} = ${level}`)).rejects.toThrow('permission denied');
    for (const change of [`INSERT INTO stock (sku) VALUES ('new')`, 'DELETE FROM stock', 'TRUNCATE stock'])
      await expect(asService(change)).rejects.toThrow(/permission denied|must be owner/);
  });

  test('and nobody who works as the service can rewrite the ledger or its snapshots', async () => {
    await replenish('mug', 7);
    const changes = [
      'UPDATE stock_movements SET available = 8',
      'DELETE FROM stock_movements',
      'TRUNCATE stock_movements',
      'INSERT INTO stock_snapshots (sku, taken_at, available, reserved, shipped) VALUES ($$mug$$, now(), 1, 1, 1)',
      'UPDATE stock_snapshots SET available = 8',
      'DELETE FROM stock_snapshots',
      'ALTER TABLE stock_movements DISABLE TRIGGER ALL',
    ];
    for (const change of changes) await expect(asService(change)).rejects.toThrow(/permission denied|must be owner/);
  });
});

test.each([
  ['initial', 1, 1],
  ['replenished', 1, 1],
  ['reserved', -2, 3],
  ['reserved', 2, -2],
  ['released', -1, 1],
  ['released', 2, -1],
  ['shipped', 0, -1, 2],
  ['shipped', -1, 0, 1],
  ['returned', 1, 0, 0],
  ['returned', 1, -1, 0],
  ['found', 1],
])('a movement that is not what its kind may do is refused: %s %p %p %p', async (kind, ...by) => {
  // Enough on each level: it is not for want of pieces that they are refused.
  await append('replenished', 30);
  await append('reserved', -20, 20);
  await append('shipped', 0, -10, 10);
  await expect(append(kind, ...(by as [number]))).rejects.toThrow('stock_movements_kind_chk');
});

test('a level below zero is refused with the movement that leads there', async () => {
  await replenish('mug', 1);
  await expect(append('reserved', -2, 2)).rejects.toThrow('stock_levels_chk');
  expect(await db.admin.query('SELECT kind FROM stock_movements')).toEqual([{ kind: 'replenished' }]);
});

test('a movement of a product that nobody stocks is refused', async () => {
  await expect(replenish('unheard-of', 1)).rejects.toThrow('no rows');
});

test('every hundredth movement of a product leaves a snapshot of what the ledger says', async () => {
  await many(130);
  await many(120);
  await replenish('vase', 1);
  const snapshots = await db.admin.query<{ sku: string; available: number; sum: number; n: number }>(
    `SELECT s.sku, s.available, sum(m.available)::int AS sum, count(*)::int AS n
     FROM stock_snapshots s JOIN stock_movements m ON m.sku = s.sku AND m.moved_at <= s.taken_at
     GROUP BY s.sku, s.taken_at, s.available ORDER BY n`,
  );
  expect(snapshots.map(({ sku, n }) => `${sku} ${n}`)).toEqual(['mug 100', 'mug 200']);
  for (const { available, sum } of snapshots) expect(available).toBe(sum);
});

test('at any instant the levels are the sum of the ledger until then', async () => {
  const [{ now: before }] = (await db.admin.query<{ now: string }>('SELECT now()::text')) as [{ now: string }];
  await many(110);
  await many(120);
  const instants = await db.admin.query<{ at: string; sum: number }>(
    `SELECT moved_at::text AS at, (sum(available) OVER (ORDER BY moved_at))::int AS sum FROM stock_movements`,
  );
  expect(new Set(instants.map(({ at }) => at)).size).toBe(230);
  for (const { at, sum } of instants) expect(await stockAt(db.admin, 'mug', at)).toMatchObject({ available: sum });
  expect(await stockAt(db.admin, 'mug', before)).toEqual({ available: 0, reserved: 0, shipped: 0 });
  expect(await stockAt(db.admin, 'mug', 'infinity')).toMatchObject({ available: instants.at(-1)!.sum });
});

test('movements of one product have ascending times, also after the clock was set back', async () => {
  await replenish('mug', 1);
  // What a clock that was an hour ahead has left behind.
  await db.admin.query(`UPDATE stock SET moved_at = moved_at + interval '1 hour' WHERE sku = 'mug'`);
  await db.admin.query(`UPDATE stock_movements SET moved_at = moved_at + interval '1 hour'`);
  await replenish('mug', 2);
  await replenish('mug', 4);
  const byTime = await db.admin.query<{ available: number }>('SELECT available FROM stock_movements ORDER BY moved_at');
  expect(byTime.map(({ available }) => available)).toEqual([1, 2, 4]);
});
