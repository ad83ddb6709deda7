import type {
  CopyOfFact,
  EmailRow,
  Evidence,
  Levels,
  Movement,
  OrderRow,
  PaymentRow,
  Reservation,
} from '../evidence.ts';
import type { Read } from './database.ts';
import { readLive, readProjections } from './generations.ts';

/** Each service's own tables. Amounts and counts come as numbers: all of them are far below 2^53. */
export async function readOrders(read: Read): Promise<{ orders: OrderRow[]; answers: Evidence['answers'] }> {
  type Event = { streamId: string } & OrderRow['events'][number];
  const events = Map.groupBy(
    await read<Event>(
      `SELECT stream_id AS "streamId", version, data AS event, fact_id AS "factId" FROM order_events ORDER BY stream_id, version`,
    ),
    ({ streamId }) => streamId,
  );
  const rows = await read<Omit<OrderRow, 'events'>>(
    `SELECT order_id AS "orderId", version, status, state, placed_at > now() - interval '23 hours' AS recent
     FROM orders ORDER BY order_id`,
  );
  const orders = rows.map((row): OrderRow => ({ ...row, events: events.get(row.orderId) ?? [] }));
  for (const { orderId } of rows) events.delete(orderId);
  orders.push(...[...events].map(([orderId, own]) => streamAlone(orderId, own)));
  const answers = await read<Evidence['answers'][number]>(
    `SELECT response->>'orderId' AS "orderId", (response->'total'->>'amountMinor')::float8 AS "totalMinor" FROM idempotency_keys`,
  );
  return { orders, answers };
}

/** A stream whose order is in no row of the read model: the promise about read models names it. */
function streamAlone(orderId: string, events: OrderRow['events']): OrderRow {
  return { orderId, version: 0, status: 'missing', state: {} as never, recent: false, events };
}

export function readPayments(read: Read): Promise<PaymentRow[]> {
  return read(
    `SELECT payment_id AS "paymentId", order_id AS "orderId", state, amount_minor::float8 AS "amountMinor", currency FROM payments`,
  );
}

export async function readInventory(read: Read) {
  return {
    stock: await read<Levels>('SELECT sku, available, reserved, shipped FROM stock ORDER BY sku'),
    movements: await read<Movement>(
      `SELECT sku, order_id AS "orderId", kind, available, reserved, shipped, moved_at > now() - interval '23 hours' AS recent
       FROM stock_movements ORDER BY movement_id`,
    ),
    reservations: await read<Reservation>('SELECT order_id AS "orderId", sku, quantity, state FROM reservations'),
    replenishments: await read<Evidence['replenishments'][number]>(
      `SELECT response->>'sku' AS sku, (response->'quantity')::int AS quantity FROM idempotency_keys`,
    ),
  };
}

export function readEmails(read: Read): Promise<EmailRow[]> {
  return read(
    `SELECT email_id AS "emailId", order_id AS "orderId", template, state, ambiguous_sends AS "ambiguousSends",
       (extract(epoch FROM requested_at) * 1000)::float8 AS "requestedAt" FROM emails`,
  );
}

export async function readAnalytics(read: Read) {
  const found = await read<{ id: string; time: Date } & Omit<CopyOfFact, 'time'>>(
    `SELECT id, type, subject, topic, partition, record_offset::float8 AS offset, time, correlation_id AS "correlationId",
       causation_id AS "causationId" FROM facts`,
  );
  const rows = found.map((row) => ({ ...row, time: row.time.toISOString() }));
  const twice = [...Map.groupBy(rows, ({ id }) => id)].filter(([, same]) => same.length > 1);
  return {
    analytics: new Map(rows.map(({ id, ...fact }) => [id, fact])),
    analyticsTwice: twice.map(([id]) => id),
    projections: await readProjections(read),
    live: await readLive(read),
  };
}
