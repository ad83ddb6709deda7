import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '@cartwheel/testing';
import { testShop, type TestShop } from './test-shop.ts';

// A shop of its own: with so little patience, a busy machine would time out the orders of other tests too.

let shop: TestShop;
beforeAll(async () => {
  shop = await testShop({
    ORDER_TIMEOUT_MS: '1500',
    ORDER_TIMEOUT_POLL_INTERVAL_MS: '100',
    ORDER_TIMEOUT_GRACE_MS: '0',
  });
});
afterAll(() => shop?.stop());

const paymentState = async (orderId: unknown) =>
  (await shop.get<{ state: string }>(`${shop.target.urls.payment}/payments/${String(orderId)}`)).state;
const ledger = async (orderId: unknown) =>
  (await shop.get<{ operation: string }[]>(`${shop.target.gatewayUrl}/ledger?orderId=${String(orderId)}`)).map(
    ({ operation }) => operation,
  );

test('an order that nobody answers in time cancels itself; the answer that comes too late is undone', async () => {
  // The gateway takes three seconds to authorize, the order waits one and a half.
  const { body } = await shop.checkout({ sku: 'teapot' }, { paymentMethod: 'pm_cartwheel_slow' });
  expect(await shop.outcome(body.orderId)).toBe('timed-out');
  await eventually(async () => expect(await paymentState(body.orderId)).toBe('voided'));
  const facts = await shop.facts(body.orderId);
  const cancelled = facts.find(({ type }) => type === 'OrderCancelled')!;
  expect(facts.find(({ id }) => id === cancelled.causationId)?.type).toBe('OrderPlaced');
  expect(await ledger(body.orderId)).not.toContain('capture');
  expect(await shop.broken()).toEqual([]);
});
