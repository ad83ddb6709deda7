import { contracts, type Delivery, type MailTemplate, topology } from '@cartwheel/contracts';
import { type FactContext, FactInbox, lockSubjects } from '@cartwheel/inbox';
import { Wake } from '@cartwheel/outbox';
import { parking } from '@cartwheel/parking';
import { newId } from '@cartwheel/primitives';
import {
  eventually,
  orderFacts,
  type OrderLife,
  orderLives,
  testDatabase,
  type TestDatabase,
} from '@cartwheel/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { entities } from './entities.ts';
import { schemas } from './email.schema.ts';
import { RememberCustomerOnOrderPlaced } from './remember-customer/on-order-placed.consumer.ts';
import { RequestCancellationOnOrderCancelled } from './request-email/on-order-cancelled.consumer.ts';
import { RequestReceiptOnOrderCompleted } from './request-email/on-order-completed.consumer.ts';
import { RequestConfirmationOnOrderConfirmed } from './request-email/on-order-confirmed.consumer.ts';
import { RequestRefundDoneOnOrderRefunded } from './request-email/on-order-refunded.consumer.ts';
import { RequestRefundBegunOnRefundRequested } from './request-email/on-refund-requested.consumer.ts';
import { RequestEmail } from './request-email.ts';

// Nobody waits for a mail: when a topic gets more partitions, any fact of an order may be read before any other.

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase(schemas, { entities });
});
afterAll(() => db.drop());

const requestEmail = new RequestEmail();
type Handle = (data: never, context: FactContext) => Promise<unknown>;
const consumers: Record<string, Handle> = {
  OrderPlaced: (data, ctx) => new RememberCustomerOnOrderPlaced(requestEmail).remember(data, ctx),
  OrderConfirmed: (data, ctx) => new RequestConfirmationOnOrderConfirmed(requestEmail).request(data, ctx),
  OrderCompleted: (data, ctx) => new RequestReceiptOnOrderCompleted(requestEmail).request(data, ctx),
  OrderCancelled: (data, ctx) => new RequestCancellationOnOrderCancelled(requestEmail).request(data, ctx),
  RefundRequested: (data, ctx) => new RequestRefundBegunOnRefundRequested(requestEmail).request(data, ctx),
  OrderRefunded: (data, ctx) => new RequestRefundDoneOnOrderRefunded(requestEmail).request(data, ctx),
};
const handlers = {
  has: (type: string) => type in consumers,
  handle: async (type: string, data: unknown, context: FactContext) => {
    await consumers[type]!(data as never, context);
  },
};
const origin = { source: 'email', contracts, topology: topology() };
const read = (chunk: readonly Delivery[]) =>
  new FactInbox({
    consumer: 'email',
    dataSource: db.dataSource,
    origin,
    wake: new Wake(),
    locks: lockSubjects,
    parking,
  }).apply(chunk, handlers, new AbortController().signal);

/** The mails of an order that a worker was asked to send, in that order. */
const asked = async (orderId: string) =>
  (
    await db.admin.query<{ template: MailTemplate }>(
      `SELECT convert_from(payload, 'UTF8')::jsonb->>'template' AS template FROM outbox
       WHERE convert_from(payload, 'UTF8')::jsonb->>'orderId' = $1 ORDER BY seq`,
      [orderId],
    )
  ).map(({ template }) => template);

const OWED: Record<OrderLife, readonly MailTemplate[]> = {
  cancelled: ['cancellation'],
  'capture-failed': ['confirmation', 'cancellation'],
  completed: ['confirmation', 'receipt'],
  refunded: ['confirmation', 'receipt', 'refund-begun', 'refund-done'],
};

test('each order gets its mails once, in whatever order its facts are read, but none that confirms what is cancelled', async () => {
  const lives = fc.array(fc.constantFrom(...orderLives), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(lives, fc.infiniteStream(fc.nat()), fc.integer({ min: 1, max: 5 }), async (of, picks, size) => {
      const orders = of.map((life) => ({ life, orderId: newId() }));
      const left = orders.flatMap(({ life, orderId }) => orderFacts(life, { orderId }));
      const order: Delivery[] = [];
      for (const pick of picks) {
        if (left.length === 0) break;
        order.push(...left.splice(pick % left.length, 1));
      }
      for (let at = 0; at < order.length; at += size) await read(order.slice(at, at + size));
      for (const { life, orderId } of orders) {
        const types = order
          .filter(({ key }) => key!.toString() === orderId)
          .map(({ headers }) => String(headers['ce_type']));
        const isLate = life === 'capture-failed' && types.indexOf('OrderCancelled') < types.indexOf('OrderConfirmed');
        const owed = OWED[life].filter((template) => !(isLate && template === 'confirmation'));
        expect((await asked(orderId)).toSorted()).toEqual(owed.toSorted());
      }
    }),
    { numRuns: 60 },
  );
  expect(await db.admin.query('SELECT 1 FROM parked_messages')).toEqual([]);
}, 120_000);

test('a mail whose order is placed in the same moment is sent all the same', async () => {
  const orderId = newId();
  const [placed, cancelled] = orderFacts('cancelled', { orderId });
  const rival = new pg.Client({ connectionString: db.admin.url });
  await rival.connect();
  await rival.query('BEGIN');
  // Holds up the cancellation right after it has looked for an address.
  await rival.query(`INSERT INTO emails (email_id, order_id, template) VALUES ($1, $2, 'cancellation')`, [
    newId(),
    orderId,
  ]);
  const waiting = async () =>
    (
      await db.admin.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      )
    ).length;
  const one = read([cancelled!]);
  await eventually(async () => expect(await waiting()).toBe(1));
  let isOver = false;
  const other = read([placed!]).finally(() => (isOver = true));
  // Without a lock it does not wait, and is over.
  await eventually(async () => {
    if (!isOver) expect(await waiting()).toBe(2);
  });
  await rival.query('ROLLBACK');
  await rival.end();
  await Promise.all([one, other]);
  expect(await asked(orderId)).toEqual(['cancellation']);
});
