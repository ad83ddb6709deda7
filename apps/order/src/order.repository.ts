import { Injectable } from '@nestjs/common';
import { appendEvents } from '@cartwheel/event-store';
import type { Tx } from '@cartwheel/outbox';
import type { Queryable } from '@cartwheel/postgres';
import type { Change, Order } from './domain/order.ts';
import { toMessage } from './order.messages.ts';

/** An order as it was read: whoever saves it must be the first since. */
export type Loaded = { readonly order: Order; readonly version: number };

@Injectable()
export class OrderRepository {
  /** Reads and locks the order: everything that may announce something about it passes here, one after the other. */
  async load(tx: Queryable, orderId: string): Promise<Loaded | undefined> {
    const [row] = await tx.query<{ state: Order; version: number }>(
      'SELECT state, version FROM orders WHERE order_id = $1 FOR UPDATE',
      [orderId],
    );
    return row && { order: row.state, version: row.version };
  }

  /**
   * Appends the events, brings the current state up to date, and hands on the messages. `version` is the one that was
   * loaded, 0 for a new order. @throws StaleVersion when somebody was faster.
   */
  async save(tx: Tx, version: number, { order, events }: Change): Promise<void> {
    if (events.length === 0) return;
    const announced = events.map((event) => ({ event, message: toMessage(order, event) }));
    await appendEvents(
      tx,
      'order_events',
      order.orderId,
      version,
      announced.map(({ event, message }) => ({ event, factId: message?.id, ...tx.cause })),
    );
    // The times are the events' own, so that a rebuild from the stream gives the same row.
    await tx.query(
      `INSERT INTO orders (order_id, version, status, state, placed_at, updated_at)
       SELECT $1, $2, $3, $4, min(occurred_at), max(occurred_at) FROM order_events WHERE stream_id = $1
       ON CONFLICT (order_id) DO UPDATE
       SET version = excluded.version, status = excluded.status, state = excluded.state, updated_at = excluded.updated_at`,
      [order.orderId, version + events.length, order.status, JSON.stringify(order)],
    );
    for (const { message } of announced) if (message) tx.emit(message);
  }

  /** The checkout that the order came from; undefined when there is no such order. */
  async correlationOf(database: Queryable, orderId: string): Promise<string | undefined> {
    const [row] = await database.query<{ correlation_id: string }>(
      'SELECT correlation_id FROM order_events WHERE stream_id = $1 AND version = 1',
      [orderId],
    );
    return row?.correlation_id;
  }

  /** Loads, decides, saves; gives what the order is then. An order that nobody placed here changes nothing. */
  async change(tx: Tx, orderId: string, decide: (order: Order) => Change): Promise<Order | undefined> {
    const loaded = await this.load(tx, orderId);
    if (!loaded) return undefined;
    const change = decide(loaded.order);
    await this.save(tx, loaded.version, change);
    return change.order;
  }
}

/** Locks the orders that facts are about, in one order. */
export function lockOrders(tx: Queryable, facts: readonly { readonly data: unknown }[]): Promise<unknown> {
  const ids = facts.map(({ data }) => (data as { orderId: string }).orderId);
  return tx.query('SELECT 1 FROM orders WHERE order_id = ANY($1::uuid[]) ORDER BY order_id FOR UPDATE', [ids]);
}
