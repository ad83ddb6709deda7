import {
  eventually,
  gatewaySimulator,
  type GatewaySimulator,
  testDatabase,
  type TestDatabase,
} from '@cartwheel/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { bench, type Bench } from '../fixtures/bench.ts';
import { entities } from '../entities.ts';
import { schemas } from '../payment.schema.ts';
import { StripeGateway } from './stripe-gateway.ts';

// Every way in which the gateway answers, or does not: the payment's end, and what was really done to the money.

let db: TestDatabase;
let gateway: GatewaySimulator;
let shop: Bench;
Logger.overrideLogger(false);
beforeAll(async () => {
  [db, gateway] = await Promise.all([testDatabase(schemas, { entities }), gatewaySimulator()]);
  shop = bench(db.dataSource, new StripeGateway({ url: gateway.url, apiKey: 'sk_test_x', timeoutMs: 1_000 }));
});
afterAll(async () => {
  await gateway?.stop();
  await db?.drop();
});

const operations = async (orderId: string) => (await gateway.ledger(orderId)).map(({ operation }) => operation);

/** Places and confirms an order, and refunds it if asked to; returns its id when no task is left. */
async function ordered(paymentMethod: string, until: 'authorized' | 'captured' | 'refunded'): Promise<string> {
  const orderId = await shop.placed(paymentMethod);
  await eventually(() => shop.done());
  if (until === 'authorized') return orderId;
  await shop.confirmed(orderId);
  await eventually(() => shop.done());
  if (until === 'captured') return orderId;
  await shop.refundRequested(orderId);
  await eventually(() => shop.done());
  return orderId;
}

describe('an operation ends well, and its money moves once, when', () => {
  test.each([
    ['nothing is wrong', 'pm_card_visa'],
    ['each answer is lost after it was done', 'pm_cartwheel_timeout_after_success'],
    ['a 500 is stored under its first key and replayed', 'pm_cartwheel_stored_500'],
    ['each is first refused with 429 and Retry-After', 'pm_cartwheel_rate_limited'],
    ['the gateway is slower than our time-out', 'pm_cartwheel_slow'],
  ])('%s', async (_, paymentMethod) => {
    const orderId = await ordered(paymentMethod, 'refunded');
    expect(await shop.state(orderId)).toBe('refunded');
    expect(await operations(orderId)).toEqual(['authorize', 'capture', 'refund']);
    expect(await shop.announced(orderId)).toEqual(['PaymentAuthorized', 'PaymentReceived', 'PaymentRefunded']);
  });
});

test('a refund that is pending is asked about until it has succeeded', async () => {
  const orderId = await ordered('pm_card_pendingRefund', 'captured');
  await shop.refundRequested(orderId);
  expect(await shop.round()).toBe(1);
  expect([await shop.state(orderId), await operations(orderId)]).toEqual(['refunding', ['authorize', 'capture']]);
  await eventually(async () => expect(await shop.round()).toBe(0));
  expect(await shop.state(orderId)).toBe('refunded');
  expect(await operations(orderId)).toEqual(['authorize', 'capture', 'refund']);
});

test('a refund that fails each time ends as a dead letter, and the payment stays refunding', async () => {
  const orderId = await ordered('pm_cartwheel_refund_fails', 'captured');
  await shop.refundRequested(orderId);
  await eventually(async () => expect(await shop.round()).toBe(0));
  expect(await shop.dead()).toEqual(['RefundFailed']);
  expect(await shop.state(orderId)).toBe('refunding');
  expect(await operations(orderId)).toEqual(['authorize', 'capture']);
  expect(await shop.announced(orderId)).not.toContain('PaymentRefunded');
});

test.each([
  ['a card that declines', 'pm_card_visa_chargeDeclined', ['decline']],
  ['a card that wants to see its owner, whose intent is cancelled first', 'pm_card_authenticationRequired', []],
  ['a payment method that the gateway does not know', 'pm_unknown', []],
])('%s is declined', async (_, paymentMethod, ledger) => {
  const orderId = await ordered(paymentMethod, 'authorized');
  expect(await shop.state(orderId)).toBe('declined');
  expect(await operations(orderId)).toEqual(ledger);
  expect(await shop.announced(orderId)).toEqual(['PaymentDeclined']);
});

test('a capture that is refused five times, under five keys, lets the money go before it is called failed', async () => {
  const orderId = await ordered('pm_cartwheel_capture_declined', 'captured');
  expect(await shop.state(orderId)).toBe('capture_failed');
  expect(await operations(orderId)).toEqual(['authorize', 'cancel']);
  expect(await shop.announced(orderId)).toEqual(['PaymentAuthorized', 'PaymentCaptureFailed']);
  const asked = gateway.requests().filter((request) => request === 'capture intent 402');
  expect(asked).toHaveLength(5);
  const { rows } = await db.pool.query('SELECT failure_code FROM payments WHERE order_id = $1', [orderId]);
  expect(rows).toEqual([{ failure_code: 'do_not_honor' }]);
});

test('a fact that comes in a wrong state, or twice, changes nothing', async () => {
  const orderId = await ordered('pm_card_visa', 'refunded');
  await shop.confirmed(orderId);
  await shop.cancelled(orderId);
  await shop.refundRequested(orderId);
  expect(await shop.waiting()).toBe(0);
  expect(await shop.state(orderId)).toBe('refunded');
});

test('while the gateway is away nothing is made up, and the repeats use up nothing; then all goes on', async () => {
  const orderId = await ordered('pm_card_visa', 'authorized');
  await shop.confirmed(orderId);
  const placedMeanwhile = await shop.placed('pm_card_visa');
  await gateway.end();
  for (let round = 0; round < 8; round += 1) expect(await shop.round()).toBe(2);
  expect([await shop.state(orderId), await shop.state(placedMeanwhile)]).toEqual(['capturing', 'authorizing']);
  expect(await shop.dead()).toEqual(['RefundFailed']);
  await gateway.start();
  await eventually(async () => expect(await shop.round()).toBe(0));
  expect([await shop.state(orderId), await shop.state(placedMeanwhile)]).toEqual(['captured', 'authorized']);
  expect(await operations(orderId)).toEqual(['authorize', 'capture']);
});

test('an order that is cancelled while the gateway is away is voided, and its authorization ends', async () => {
  const orderId = await shop.placed('pm_card_visa');
  await gateway.end();
  expect(await shop.round()).toBe(1);
  await shop.cancelled(orderId);
  expect(await shop.round()).toBe(0);
  expect(await shop.announced(orderId)).toEqual(['PaymentVoided']);
  await gateway.start();
  expect(await operations(orderId)).toEqual([]);
});
