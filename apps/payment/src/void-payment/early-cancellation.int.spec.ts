import { newId } from '@cartwheel/primitives';
import {
  eventually,
  gatewaySimulator,
  type GatewaySimulator,
  testDatabase,
  type TestDatabase,
} from '@cartwheel/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { bench, type Bench } from '../fixtures/bench.ts';
import { StripeGateway } from '../gateway/stripe-gateway.ts';
import { entities } from '../entities.ts';
import { schemas } from '../payment.schema.ts';

// When a topic gets more partitions, OrderCancelled may be read before OrderPlaced, or both at once. No other two facts can
// change places here: the order confirms after PaymentAuthorized, and wants a refund after PaymentReceived.

let db: TestDatabase;
let simulator: GatewaySimulator;
let shop: Bench;
beforeAll(async () => {
  [db, simulator] = await Promise.all([testDatabase(schemas, { entities }), gatewaySimulator()]);
  shop = bench(db.dataSource, new StripeGateway({ url: simulator.url, apiKey: 'sk_test_x', timeoutMs: 10_000 }));
});
afterAll(async () => {
  await simulator?.stop();
  await db?.drop();
});

const operations = async (orderId: string) => (await simulator.ledger(orderId)).map(({ operation }) => operation);

test('the payments of several cancelled orders hold no money, in whatever order their facts are read', async () => {
  // Each number is an order's next fact, or a round of the workers.
  const moves = fc.shuffledSubarray([0, 0, 1, 1, 2, 2, 3, 3, 9, 9, 9], { minLength: 11 });
  await fc.assert(
    fc.asyncProperty(moves, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), async (steps, isEarly) => {
      const orders = isEarly.map((early) => {
        const orderId = newId();
        const facts = [() => shop.placed('pm_card_visa', orderId), () => shop.cancelled(orderId)];
        return { orderId, left: early ? facts.toReversed() : facts };
      });
      for (const step of steps) await (step === 9 ? shop.round() : orders[step]!.left.shift()!());
      await shop.done();
      for (const { orderId } of orders) {
        expect(await shop.state(orderId)).toBe('voided');
        expect(['', 'authorize cancel']).toContain((await operations(orderId)).join(' '));
      }
    }),
    { numRuns: 25 },
  );
  expect(await shop.dead()).toEqual([]);
}, 120_000);

test('an order whose cancellation is read first is void at once, and the gateway hears nothing of it', async () => {
  const orderId = newId();
  await shop.cancelled(orderId);
  expect(await shop.state(orderId)).toBeUndefined();
  await shop.placed('pm_card_visa', orderId);
  await shop.done();
  expect(await shop.state(orderId)).toBe('voided');
  expect(await shop.announced(orderId)).toEqual(['PaymentVoided']);
  expect(await operations(orderId)).toEqual([]);
});

/** A transaction of somebody else, that holds up whoever inserts the same row. */
async function holding(sql: string, values: unknown[]) {
  const client = new pg.Client({ connectionString: db.admin.url });
  await client.connect();
  await client.query('BEGIN');
  await client.query(sql, values);
  return {
    async letGo() {
      await client.query('ROLLBACK');
      await client.end();
    },
  };
}
const waiting = async () =>
  (
    await db.admin.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )
  ).length;

const PAYMENT = `INSERT INTO payments (payment_id, order_id, state, amount_minor, currency, payment_method, correlation_id,
  causation_id) VALUES (gen_random_uuid(), $1, 'voided', 1, 'EUR', '', gen_random_uuid(), '')`;
const CANCELLATION = 'INSERT INTO early_cancellations (order_id) VALUES ($1)';

test.each([
  ['OrderPlaced', PAYMENT],
  ['OrderCancelled', CANCELLATION],
])('a cancellation and its order, read at once, do not look past each other: %s first', async (first, writes) => {
  const orderId = newId();
  const both = [() => shop.placed('pm_card_visa', orderId), () => shop.cancelled(orderId)];
  const [one, other] = first === 'OrderPlaced' ? both : both.toReversed();
  // The first has looked for the other, and waits with what it writes.
  const row = await holding(writes, [orderId]);
  const begun = one!();
  await eventually(async () => expect(await waiting()).toBe(1));
  let isOver = false;
  const second = other!().finally(() => (isOver = true));
  // Without a lock the second does not wait, and is over.
  await eventually(async () => {
    if (!isOver) expect(await waiting()).toBe(2);
  });
  await row.letGo();
  await Promise.all([begun, second]);
  await shop.done();
  expect(await shop.state(orderId)).toBe('voided');
});
