import type { Queryable } from '@cartwheel/postgres';
import type { Levels } from '../stock.repository.ts';

/** The last snapshot until then, and the movements since: at most 99, however long the ledger is. */
export const STOCK_AT = `
  WITH snapshot AS (
    SELECT taken_at, available, reserved, shipped FROM stock_snapshots
    WHERE sku = $1 AND taken_at <= $2 ORDER BY taken_at DESC LIMIT 1
  ), parts AS (
    SELECT available, reserved, shipped FROM snapshot
    UNION ALL
    SELECT available, reserved, shipped FROM stock_movements
    WHERE sku = $1 AND moved_at <= $2 AND moved_at > coalesce((SELECT taken_at FROM snapshot), '-infinity')
  )
  SELECT coalesce(sum(available), 0)::int AS available, coalesce(sum(reserved), 0)::int AS reserved,
    coalesce(sum(shipped), 0)::int AS shipped
  FROM parts`;

/** The levels of a product as they were at an instant (ISO 8601). */
export async function stockAt(database: Queryable, sku: string, at: string): Promise<Levels> {
  const [levels] = await database.query<Levels>(STOCK_AT, [sku, at]);
  return levels!;
}
