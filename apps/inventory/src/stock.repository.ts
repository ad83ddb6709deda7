import { Injectable } from '@nestjs/common';
import type { Envelope, OrderPlaced } from '@cartwheel/contracts';
import type { Queryable } from '@cartwheel/postgres';

export type Item = { readonly sku: string; readonly quantity: number };

/** How each step moves a quantity between the three levels of a product. */
const MOVES = {
  reserved: { available: -1, reserved: 1, shipped: 0 },
  released: { available: 1, reserved: -1, shipped: 0 },
  shipped: { available: 0, reserved: -1, shipped: 1 },
} as const;

/** The stock of the products. Who changes it holds the rows' locks (`lockStock`). */
@Injectable()
export class StockRepository {
  async available(tx: Queryable, skus: readonly string[]): Promise<Map<string, number>> {
    const rows = await tx.query<{ sku: string; available: number }>(
      'SELECT sku, available FROM stock WHERE sku = ANY($1)',
      [skus],
    );
    return new Map(rows.map((row) => [row.sku, row.available]));
  }

  async reserve(tx: Queryable, orderId: string, items: readonly Item[]): Promise<void> {
    await tx.query(
      `INSERT INTO reservations (order_id, sku, quantity, state)
       SELECT $1, sku, quantity, 'reserved' FROM unnest($2::text[], $3::int[]) AS item(sku, quantity)`,
      [orderId, items.map((item) => item.sku), items.map((item) => item.quantity)],
    );
    await this.move(tx, orderId, 'reserved', items);
  }

  /** Ends the order's open reservation. Empty when there is none: it was never made, or has ended. */
  async end(tx: Queryable, orderId: string, as: 'released' | 'shipped'): Promise<Item[]> {
    const items = await tx.query<Item>(
      `UPDATE reservations SET state = $2, updated_at = now() WHERE order_id = $1 AND state = 'reserved'
       RETURNING sku, quantity`,
      [orderId, as],
    );
    if (items.length > 0) await this.move(tx, orderId, as, items);
    return items;
  }

  private async move(tx: Queryable, orderId: string, kind: keyof typeof MOVES, items: readonly Item[]): Promise<void> {
    const by = MOVES[kind];
    await tx.query(
      `WITH moved AS (
         SELECT sku, quantity * $4 AS available, quantity * $5 AS reserved, quantity * $6 AS shipped
         FROM unnest($2::text[], $3::int[]) AS item(sku, quantity)
       ), levels AS (
         UPDATE stock SET available = stock.available + moved.available, reserved = stock.reserved + moved.reserved,
           shipped = stock.shipped + moved.shipped
         FROM moved WHERE stock.sku = moved.sku
       )
       INSERT INTO stock_movements (sku, order_id, kind, available, reserved, shipped)
       SELECT sku, $1, $7, available, reserved, shipped FROM moved`,
      [
        orderId,
        items.map((item) => item.sku),
        items.map((item) => item.quantity),
        by.available,
        by.reserved,
        by.shipped,
        kind,
      ],
    );
  }
}

/**
 * Locks every product that these facts will touch, sorted: six partitions on hot rows deadlock without it. A reservation
 * that is made earlier in the same chunk is covered by its own OrderPlaced.
 */
export function lockStock(tx: Queryable, facts: readonly Envelope[]): Promise<unknown> {
  const placed = facts.filter((fact) => fact.type === 'OrderPlaced').map((fact) => fact.data as OrderPlaced);
  return tx.query(
    `SELECT 1 FROM stock WHERE sku = ANY($1::text[])
       OR sku IN (SELECT sku FROM reservations WHERE order_id = ANY($2::uuid[]))
     ORDER BY sku FOR UPDATE`,
    [
      placed.flatMap(({ items }) => items.map(({ sku }) => sku)),
      facts.map((fact) => (fact.data as { orderId: string }).orderId),
    ],
  );
}
