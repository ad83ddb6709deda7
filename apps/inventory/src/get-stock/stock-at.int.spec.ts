import { testDatabase, type TestDatabase } from '@cartwheel/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { entities } from '../entities.ts';
import { schemas } from '../inventory.schema.ts';
import { STOCK_AT, stockAt } from './stock-at.ts';

const MOVEMENTS = 1_000_000;
const BATCH = 50_000;
let db: TestDatabase;

/** A ledger as a million movements would leave it, one a second; written past the trigger, which would take minutes. */
beforeAll(async () => {
  db = await testDatabase(schemas, { entities });
  await db.admin.query('ALTER TABLE stock_movements DISABLE TRIGGER stock_movements_apply');
  for (let first = 1; first <= MOVEMENTS; first += BATCH) {
    await db.admin.query(
      `INSERT INTO stock_movements (sku, kind, available, reserved, shipped, moved_at)
       SELECT 'mug', 'replenished', 1, 0, 0, to_timestamp(n) FROM generate_series($1::int, $2::int) AS n`,
      [first, first + BATCH - 1],
    );
  }
  await db.admin.query(
    `INSERT INTO stock_snapshots (sku, taken_at, available, reserved, shipped)
     SELECT 'mug', to_timestamp(n), n, 0, 0 FROM generate_series(100, $1::int, 100) AS n`,
    [MOVEMENTS],
  );
  await db.admin.query('ANALYZE stock_movements, stock_snapshots');
}, 300_000);
afterAll(() => db.drop());

type Plan = { 'Actual Rows': number; 'Actual Loops': number; 'Rows Removed by Filter'?: number; Plans?: Plan[] };

/** How many rows the query takes from its tables: what the leaves of its plan return and what they throw away. */
async function rowsRead(at: string): Promise<number> {
  const [explained] = await db.admin.query<{ 'QUERY PLAN': { Plan: Plan }[] }>(
    `EXPLAIN (ANALYZE, FORMAT JSON) ${STOCK_AT}`,
    ['mug', at],
  );
  const leaves = (plan: Plan): Plan[] => (plan.Plans ? plan.Plans.flatMap(leaves) : [plan]);
  return leaves(explained!['QUERY PLAN'][0]!.Plan).reduce(
    (sum, leaf) => sum + (leaf['Actual Rows'] + (leaf['Rows Removed by Filter'] ?? 0)) * leaf['Actual Loops'],
    0,
  );
}

test.each([
  ['after 7', 7],
  ['after 199', 199],
  ['in the middle', 500_050],
  ['after the last but one', MOVEMENTS - 1],
  ['after all', MOVEMENTS],
])('of a million movements a question about the past reads at most a hundred, %s', async (_, n) => {
  const at = new Date(n * 1_000).toISOString();
  expect(await stockAt(db.admin, 'mug', at)).toMatchObject({ available: n });
  // One snapshot, at most 99 movements, and the snapshot once more for each of the two places that use it.
  expect(await rowsRead(at)).toBeLessThanOrEqual(102);
});
