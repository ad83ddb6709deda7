import type { Queryable } from '@cartwheel/postgres';
import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import { evolve, type Order, type OrderEvent } from '../../apps/order/src/domain/order.ts';

/** An order whose row is not what its events lead to. `how` names states and numbers, and nobody. */
export type Stray = { readonly orderId: string; readonly how: string };

type Stream = readonly { readonly version: number; readonly event: OrderEvent }[];
type Row = { readonly version: number; readonly status: string; readonly state: Order };
type Pair = { orderId: string; row: Row | null; stream: Stream | null; isTimely: boolean | null };

/** Each order beside its own events. One statement is one instant: no order is seen half changed. */
const PAIRS = `
  SELECT coalesce(o.order_id, e.stream_id) AS "orderId", e.stream,
    CASE WHEN o.order_id IS NOT NULL
      THEN jsonb_build_object('version', o.version, 'status', o.status, 'state', o.state) END AS row,
    (o.placed_at, o.updated_at) = (e.placed_at, e.updated_at) AS "isTimely"
  FROM orders o FULL JOIN (
    SELECT stream_id, min(occurred_at) AS placed_at, max(occurred_at) AS updated_at,
      jsonb_agg(jsonb_build_object('version', version, 'event', data) ORDER BY version) AS stream
    FROM order_events GROUP BY stream_id
  ) e ON e.stream_id = o.order_id`;

export type OrdersReport = {
  readonly orders: number;
  /** What strayed when it was compared. */
  readonly strays: readonly Stray[];
  /** What strays still: all of it after a mere comparison, else what no stream leads to. */
  readonly left: readonly Stray[];
};

/**
 * The order's read model against its events, and made anew where it differs. It lies in one database with them and is written
 * in one transaction with them: there is nothing to build beside and nothing to wait for.
 */
export async function rebuildOrders(
  database: string,
  { compareOnly }: { compareOnly: boolean },
): Promise<OrdersReport> {
  const client = new pg.Client({ connectionString: database, application_name: 'rebuild' });
  client.on('error', () => undefined);
  const db: Queryable = {
    query: async <Row>(sql: string, values: readonly unknown[] = []) =>
      (await client.query(sql, [...values])).rows as Row[],
  };
  try {
    await client.connect();
    const { orders, strays } = await compareOrders(db);
    if (compareOnly || strays.length === 0) return { orders, strays, left: strays };
    for (const { orderId } of strays) await remakeOrder(db, orderId);
    return { orders, strays, left: (await compareOrders(db)).strays };
  } finally {
    await client.end();
  }
}

/** Compares every order with its events, as they stand at one instant, while the shop goes on. */
export async function compareOrders(db: Queryable): Promise<{ orders: number; strays: readonly Stray[] }> {
  const strays: Stray[] = [];
  let orders = 0;
  await db.query('BEGIN READ ONLY');
  try {
    await db.query(`DECLARE pairs NO SCROLL CURSOR FOR ${PAIRS}`);
    for (;;) {
      const pairs = await db.query<Pair>('FETCH 500 FROM pairs');
      if (pairs.length === 0) return { orders, strays };
      orders += pairs.length;
      for (const { orderId, row, stream, isTimely } of pairs) {
        const how = howItStrays(row, stream ?? []) ?? (isTimely ? undefined : 'has other times than its stream');
        if (how !== undefined) strays.push({ orderId, how });
      }
    }
  } finally {
    await db.query('ROLLBACK');
  }
}

/**
 * Makes an order's row anew from its events. The row's lock is the one that every writer takes first, so the events that are
 * read behind it are all there are: nobody's change is overwritten. A stream that is not whole leads nowhere: then nothing is
 * changed.
 */
export async function remakeOrder(db: Queryable, orderId: string): Promise<void> {
  await db.query('BEGIN');
  try {
    await db.query('SELECT 1 FROM orders WHERE order_id = $1 FOR UPDATE', [orderId]);
    const stream = await db.query<Stream[number]>(
      'SELECT version, data AS event FROM order_events WHERE stream_id = $1 ORDER BY version',
      [orderId],
    );
    if (stream.length === 0) await db.query('DELETE FROM orders WHERE order_id = $1', [orderId]);
    else await write(db, orderId, stream);
    await db.query('COMMIT');
  } catch (error) {
    await db.query('ROLLBACK');
    throw error;
  }
}

/** What is wrong with the row that should show this stream; undefined: nothing. */
export function howItStrays(row: Row | null, stream: Stream): string | undefined {
  if (stream.length === 0) return 'has no stream';
  const gap = stream.findIndex(({ version }, index) => version !== index + 1);
  if (gap >= 0) return `event ${gap + 1} of its stream is missing`;
  const order = orderOf(stream);
  if (!order) return 'its stream does not begin with OrderPlaced';
  if (row === null) return `is missing, its stream leads to ${order.status}`;
  const { version, status, state } = row;
  if (version !== stream.length) return `is at version ${version}, its stream has ${stream.length} events`;
  if (!isDeepStrictEqual(order, state)) return `is ${state.status}, its stream leads to ${order.status}`;
  return status === state.status ? undefined : `is listed as ${status}, its state is ${state.status}`;
}

/** undefined for a stream that does not begin as an order does, or has a gap. */
function orderOf(stream: Stream): Order | undefined {
  if (stream[0]?.event.type !== 'OrderPlaced' || stream.at(-1)!.version !== stream.length) return undefined;
  return stream.reduce<Order | undefined>((order, { event }) => evolve(order, event), undefined);
}

async function write(db: Queryable, orderId: string, stream: Stream): Promise<void> {
  const order = orderOf(stream);
  if (!order) return;
  await db.query(
    `INSERT INTO orders (order_id, version, status, state, placed_at, updated_at)
     SELECT $1, $2, $3, $4, min(occurred_at), max(occurred_at) FROM order_events WHERE stream_id = $1
     ON CONFLICT (order_id) DO UPDATE SET version = excluded.version, status = excluded.status, state = excluded.state,
       placed_at = excluded.placed_at, updated_at = excluded.updated_at`,
    [orderId, stream.length, order.status, JSON.stringify(order)],
  );
}
