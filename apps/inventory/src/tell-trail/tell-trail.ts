import type { Queryable } from '@cartwheel/postgres';

/** What the ledger says of an order. */
export type InventoryTrail = {
  readonly movements: readonly {
    readonly sku: string;
    readonly kind: 'reserved' | 'released' | 'shipped' | 'returned';
    readonly quantity: number;
    readonly movedAt: Date;
  }[];
};

export async function tellTrail(database: Queryable, orderId: string): Promise<InventoryTrail> {
  const movements = await database.query<InventoryTrail['movements'][number]>(
    `SELECT sku, kind, greatest(available, reserved, shipped) AS quantity, moved_at AS "movedAt"
     FROM stock_movements WHERE order_id = $1 ORDER BY moved_at, sku`,
    [orderId],
  );
  return { movements };
}
