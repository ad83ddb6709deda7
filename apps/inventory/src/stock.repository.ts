import { Injectable } from '@nestjs/common';
import type { Envelope, OrderPlaced } from '@cartwheel/contracts';
import { lockSubjects } from '@cartwheel/inbox';
import type { Queryable, Transaction } from '@cartwheel/postgres';
import { EarlyEndEntity, type End } from './early-end.entity.ts';
import { StockEntity } from './stock.entity.ts';

export type Item = { readonly sku: string; readonly quantity: number };
export type Levels = { readonly available: number; readonly reserved: number; readonly shipped: number };

/** How each kind of movement moves a quantity between the three levels of a product. The ledger's CHECK says the same. */
const MOVES = {
  replenished: { available: 1, reserved: 0, shipped: 0 },
  reserved: { available: -1, reserved: 1, shipped: 0 },
  released: { available: 1, reserved: -1, shipped: 0 },
  shipped: { available: 0, reserved: -1, shipped: 1 },
  returned: { available: 1, reserved: 0, shipped: -1 },
} as const;

/** What each end of a reservation begins from. */
const BEFORE: Readonly<Record<End, string>> = { released: 'reserved', shipped: 'reserved', returned: 'shipped' };

/** The stock of the products. Who changes it holds the rows' locks (`lockStock`, `lock`). */
@Injectable()
export class StockRepository {
  async available(tx: Queryable, skus: readonly string[]): Promise<Map<string, number>> {
    const rows = await tx.query<{ sku: string; available: number }>(
      'SELECT sku, available FROM stock WHERE sku = ANY($1)',
      [skus],
    );
    return new Map(rows.map((row) => [row.sku, row.available]));
  }

  /** The levels of one product, locked; undefined when there is no such product. */
  async lock(tx: Transaction, sku: string): Promise<Levels | undefined> {
    const levels = await tx.manager.findOne(StockEntity, { where: { sku }, lock: { mode: 'pessimistic_write' } });
    return levels ?? undefined;
  }

  async reserve(tx: Queryable, orderId: string, items: readonly Item[]): Promise<void> {
    await tx.query(
      `INSERT INTO reservations (order_id, sku, quantity, state)
       SELECT $1, sku, quantity, 'reserved' FROM unnest($2::text[], $3::int[]) AS item(sku, quantity)`,
      [orderId, items.map((item) => item.sku), items.map((item) => item.quantity)],
    );
    await this.move(tx, 'reserved', items, orderId);
  }

  /** Ends the order's reservation. Empty when there is none to end so: it was never made, or is not in that state. */
  async end(tx: Queryable, orderId: string, as: End): Promise<Item[]> {
    const items = await tx.query<Item>(
      `UPDATE reservations SET state = $3, updated_at = now() WHERE order_id = $1 AND state = $2
       RETURNING sku, quantity`,
      [orderId, BEFORE[as], as],
    );
    if (items.length > 0) await this.move(tx, as, items, orderId);
    return items;
  }

  /** Keeps in mind what an order's fact asked for, for when its turn comes. */
  async rememberEnd(tx: Transaction, orderId: string, as: End): Promise<void> {
    const remembering = tx.manager.createQueryBuilder().insert().into(EarlyEndEntity);
    await remembering.values({ orderId, endsAs: as }).orIgnore().updateEntity(false).execute();
  }

  async rememberedEnds(tx: Transaction, orderId: string): Promise<Set<End>> {
    return new Set((await tx.manager.findBy(EarlyEndEntity, { orderId })).map(({ endsAs }) => endsAs));
  }

  async replenish(tx: Queryable, item: Item): Promise<void> {
    await this.move(tx, 'replenished', [item]);
  }

  /** Appends to the ledger; the database adds it to the levels (inventory.schema.ts). */
  private async move(tx: Queryable, kind: keyof typeof MOVES, items: readonly Item[], orderId?: string): Promise<void> {
    const by = MOVES[kind];
    await tx.query(
      `INSERT INTO stock_movements (sku, order_id, kind, available, reserved, shipped)
       SELECT sku, $1, $2, quantity * $5, quantity * $6, quantity * $7
       FROM unnest($3::text[], $4::int[]) AS item(sku, quantity)`,
      [
        orderId ?? null,
        kind,
        items.map((item) => item.sku),
        items.map((item) => item.quantity),
        by.available,
        by.reserved,
        by.shipped,
      ],
    );
  }
}

/**
 * Locks the orders, and then every product that these facts will touch, sorted: six partitions on hot rows deadlock without it. A reservation
 * that is made earlier in the same chunk is covered by its own OrderPlaced.
 */
export async function lockStock(tx: Queryable, facts: readonly Envelope[]): Promise<void> {
  await lockSubjects(tx, facts);
  const placed = facts.filter((fact) => fact.type === 'OrderPlaced').map((fact) => fact.data as OrderPlaced);
  await tx.query(
    `SELECT 1 FROM stock WHERE sku = ANY($1::text[])
       OR sku IN (SELECT sku FROM reservations WHERE order_id = ANY($2::uuid[]))
     ORDER BY sku FOR UPDATE`,
    [
      placed.flatMap(({ items }) => items.map(({ sku }) => sku)),
      facts.map((fact) => (fact.data as { orderId: string }).orderId),
    ],
  );
}
