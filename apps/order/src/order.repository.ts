import { Injectable } from '@nestjs/common';
import { appendEvents, StaleVersion } from '@cartwheel/event-store';
import type { Tx } from '@cartwheel/outbox';
import type { Queryable, Transaction } from '@cartwheel/postgres';
import type { Change, Order } from './domain/order.ts';
import { OrderEntity } from './order.entity.ts';
import { toMessage } from './order.messages.ts';

/** An order as it was read: whoever saves it must be the first since. */
export type Loaded = { readonly order: Order; readonly version: number };

@Injectable()
export class OrderRepository {
  /** Reads and locks the order: everything that may announce something about it passes here, one after the other. */
  async load(tx: Transaction, orderId: string): Promise<Loaded | undefined> {
    const row = await tx.manager.findOne(OrderEntity, { where: { orderId }, lock: { mode: 'pessimistic_write' } });
    return row ? { order: row.state, version: row.version } : undefined;
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
    const { orderId, status } = order;
    const row = { version: version + events.length, status, state: order, updatedAt: timeOf('max') };
    if (version === 0) {
      const placed = tx.manager.createQueryBuilder().insert().into(OrderEntity);
      await placed
        .values({ orderId, ...row, placedAt: timeOf('min') })
        .setParameter('orderId', orderId)
        .updateEntity(false)
        .execute();
    } else {
      const changed = tx.manager.createQueryBuilder().update(OrderEntity).set(row);
      const { affected } = await changed.where({ orderId, version }).setParameter('orderId', orderId).execute();
      if (affected !== 1) throw new StaleVersion(`order ${orderId} is not at version ${version} any more`);
    }
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

/** The times are the events' own, so that a rebuild from the stream gives the same row. */
function timeOf(which: 'min' | 'max'): () => string {
  return () => `(SELECT ${which}(occurred_at) FROM order_events WHERE stream_id = :orderId)`;
}

/** Locks the orders that facts are about, in one order. */
export function lockOrders(tx: Queryable, facts: readonly { readonly data: unknown }[]): Promise<unknown> {
  const ids = facts.map(({ data }) => (data as { orderId: string }).orderId);
  return tx.query('SELECT 1 FROM orders WHERE order_id = ANY($1::uuid[]) ORDER BY order_id FOR UPDATE', [ids]);
}
