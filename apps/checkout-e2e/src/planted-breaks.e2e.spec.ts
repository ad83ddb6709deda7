import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { ServiceName } from '../../../tools/setup/databases.ts';
import { hasFailed, verify } from '../../../tools/verify/verify.ts';
import { testShop, type TestShop } from './test-shop.ts';

// The checker against a real shop in which somebody changes rows by hand: what tools/verify/breaks.spec.ts asks of the
// promises is asked here of what reads for them. Numbers 11 and 12 are planted by poison.e2e.spec.ts.

let shop: TestShop;
/** Completed, and cancelled because its card was declined. */
const orders = { completed: '', cancelled: '' };
beforeAll(async () => {
  shop = await testShop();
  const good = await shop.checkout({ sku: 'mug-blue' });
  const declined = await shop.checkout({ sku: 'teapot' }, { paymentMethod: 'pm_card_visa_chargeDeclined' });
  orders.completed = String(good.body.orderId);
  orders.cancelled = String(declined.body.orderId);
  expect(await shop.outcome(orders.completed)).toBe('completed');
  expect(await shop.outcome(orders.cancelled)).toBe('payment-declined');
  expect(await shop.broken()).toEqual([]);
}, 180_000);
afterAll(() => shop?.stop(), 60_000);

/** Short: what is planted is not carried by anything, so the checker need not wait to see that it stays. */
const PATIENCE_MS = 1_000;

const OF_COMPLETED = 'order_id = $1';
const placedOf = `SELECT id FROM facts WHERE subject = $1 AND type = 'OrderPlaced'`;

type Plant = readonly [promise: number, what: string, service: ServiceName, statement: string, undo: string];

// In each, $1 is the order.
const plants: readonly Plant[] = [
  [
    1,
    'a number was given out whose fact is in no topic',
    'payment',
    'UPDATE message_sequences SET last = last + 1 WHERE subject = $1::text',
    'UPDATE message_sequences SET last = last - 1 WHERE subject = $1::text',
  ],
  [
    2,
    'a payment’s task is noted as done twice',
    'payment',
    `INSERT INTO task_attempts (task_id, type, subject, attempt, started_at, ended_at, outcome)
     SELECT task_id, type, subject, 99, started_at, ended_at, outcome FROM task_attempts
     WHERE subject = $1::text AND type = 'CapturePayment' AND outcome = 'done' LIMIT 1`,
    'DELETE FROM task_attempts WHERE attempt = 99 AND subject = $1::text',
  ],
  [
    5,
    'a payment is of another amount',
    'payment',
    `UPDATE payments SET amount_minor = amount_minor + 1 WHERE ${OF_COMPLETED}`,
    `UPDATE payments SET amount_minor = amount_minor - 1 WHERE ${OF_COMPLETED}`,
  ],
  [
    6,
    'a level is not the sum of its movements',
    'inventory',
    'UPDATE stock SET available = available + 1 WHERE sku = (SELECT sku FROM reservations WHERE order_id = $1 LIMIT 1)',
    'UPDATE stock SET available = available - 1 WHERE sku = (SELECT sku FROM reservations WHERE order_id = $1 LIMIT 1)',
  ],
  [
    7,
    'an order is still confirmed, and nothing will move it',
    'order',
    `UPDATE orders SET status = 'confirmed' WHERE ${OF_COMPLETED}`,
    `UPDATE orders SET status = 'completed' WHERE ${OF_COMPLETED}`,
  ],
  [
    10,
    'sales count an order twice',
    'analytics',
    `UPDATE sales SET orders = orders + 1 WHERE $1::text <> ''`,
    `UPDATE sales SET orders = orders - 1 WHERE $1::text <> ''`,
  ],
  [
    10,
    'analytics has a fact of another checkout',
    'analytics',
    "UPDATE facts SET correlation_id = gen_random_uuid() WHERE subject = $1::text AND type = 'OrderPlaced'",
    `UPDATE facts SET correlation_id = other.correlation_id FROM facts AS other
     WHERE facts.subject = $1::text AND facts.type = 'OrderPlaced' AND other.subject = $1::text AND other.type = 'OrderCompleted'`,
  ],
  [
    0,
    'a receipt was asked for by nobody',
    'email',
    `UPDATE emails SET template = 'refund-done' WHERE ${OF_COMPLETED} AND template = 'receipt'`,
    `UPDATE emails SET template = 'receipt' WHERE ${OF_COMPLETED} AND template = 'refund-done'`,
  ],
];

async function namedBy(promise: number): Promise<string> {
  const failed = (await verify(shop.target, { patienceMs: PATIENCE_MS })).filter(hasFailed);
  const own = failed.find((verdict) => verdict.promise === promise);
  return own
    ? `${own.verdict}: ${own.offenders.join('\n')}`
    : `held, failed were ${failed.map((one) => one.promise).join()}`;
}

test.each(plants)('promise %i names the order when %s', async (promise, _, service, statement, undo) => {
  await shop.query(service, statement, [orders.completed]);
  try {
    const named = await namedBy(promise);
    expect(named).toMatch(/^broken: /);
    expect(named).toMatch(
      promise === 6 ? /mug-blue/ : promise === 10 ? /sales|analytics/ : new RegExp(orders.completed),
    );
  } finally {
    await shop.query(service, undo, [orders.completed]);
  }
  expect(await shop.broken()).toEqual([]);
});

test('promises 2 and 4 name a fact that a consumer has not taken, and 3 one that it took too early', async () => {
  const [placed] = await shop.query<{ id: string }>('analytics', placedOf, [orders.completed]);
  const id = placed!.id;
  const [row] = await shop.query<{ processed_at: string }>(
    'inventory',
    `DELETE FROM processed_events WHERE consumer = 'inventory' AND event_id = $1 RETURNING processed_at::text`,
    [id],
  );
  expect(await namedBy(2)).toMatch(`broken: inventory has not applied OrderPlaced ${id}`);
  expect(await namedBy(4)).toMatch(`broken: OrderPlaced ${id} at inventory: neither applied nor parked nor dead`);
  const put = (later: string) =>
    shop.query(
      'inventory',
      `INSERT INTO processed_events (consumer, event_id, processed_at) VALUES ('inventory', $1, $2::timestamptz + $3::interval)
       ON CONFLICT (consumer, event_id) DO UPDATE SET processed_at = excluded.processed_at`,
      [id, row!.processed_at, later],
    );
  await put('1 hour');
  expect(await namedBy(3)).toMatch(/^broken: inventory applied OrderCompleted \S+ before OrderPlaced/);
  await put('0');
  expect(await shop.broken()).toEqual([]);
});

test('promise 8 names a cancelled order that holds stock', async () => {
  const hold = (state: string) =>
    shop.query('inventory', 'UPDATE reservations SET state = $2 WHERE order_id = $1', [orders.cancelled, state]);
  await hold('reserved');
  expect(await namedBy(8)).toBe(`broken: order ${orders.cancelled}: holds 1 teapot`);
  await hold('released');
  expect(await shop.broken()).toEqual([]);
});

test('promise 9 names the first of two orders that were placed under one key', async () => {
  const key = randomUUID();
  const first = await shop.checkout({ sku: 'bowl-large' }, { key });
  expect(await shop.outcome(first.body.orderId)).toBe('completed');
  await shop.query('order', 'DELETE FROM idempotency_keys WHERE key = $1', [key]);
  const second = await shop.checkout({ sku: 'bowl-large' }, { key });
  expect(await shop.outcome(second.body.orderId)).toBe('completed');
  expect((await shop.broken()).map(({ promise, offenders }) => [promise, ...offenders])).toEqual([
    [9, `order ${first.body.orderId}: the answer to no key, as a second order under one key is`],
  ]);
});
