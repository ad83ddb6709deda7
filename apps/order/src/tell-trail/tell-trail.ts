import type { CancellationReason } from '@cartwheel/contracts';
import type { Queryable } from '@cartwheel/postgres';
import type { Money } from '@cartwheel/primitives';
import { config } from '../config.ts';
import type { Order, OrderEvent } from '../domain/order.ts';

/** What the order service knows of an order, without who ordered. */
export type OrderTrail = {
  readonly order?: {
    readonly status: Order['status'];
    readonly items: readonly { readonly sku: string; readonly quantity: number }[];
    readonly total: Money;
    readonly placedAt: Date;
    /** When it cancels itself if it is still `placed` then. */
    readonly timesOutAt: Date;
  };
  readonly events: readonly {
    readonly version: number;
    readonly type: OrderEvent['type'];
    readonly reason: CancellationReason | null;
    readonly occurredAt: Date;
    /** The fact that announces it; null: only noted. */
    readonly factId: string | null;
    readonly correlationId: string;
    /** The fact or request that it came from. */
    readonly causationId: string;
  }[];
};

const EVENTS = `
  SELECT version, type, data ->> 'reason' AS reason, occurred_at AS "occurredAt", fact_id AS "factId",
    correlation_id AS "correlationId", causation_id AS "causationId"
  FROM order_events WHERE stream_id = $1 ORDER BY version`;

export async function tellTrail(database: Queryable, orderId: string): Promise<OrderTrail> {
  const [row] = await database.query<{ state: Order; placed_at: Date }>(
    'SELECT state, placed_at FROM orders WHERE order_id = $1',
    [orderId],
  );
  const events = await database.query<OrderTrail['events'][number]>(EVENTS, [orderId]);
  if (!row) return { events };
  const { status, items, total } = row.state;
  const timesOutAt = new Date(row.placed_at.getTime() + config.ORDER_TIMEOUT_MS);
  const bought = items.map(({ sku, quantity }) => ({ sku, quantity }));
  return { order: { status, items: bought, total, placedAt: row.placed_at, timesOutAt }, events };
}
