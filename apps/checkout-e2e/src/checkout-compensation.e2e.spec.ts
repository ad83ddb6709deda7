import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '@cartwheel/testing';
import { randomUUID } from 'node:crypto';
import { testShop, type TestShop } from './test-shop.ts';

// What goes wrong in a checkout, and what the shop does about it. Every test ends with the books.

let shop: TestShop;
beforeAll(async () => {
  shop = await testShop();
});
afterAll(() => shop?.stop());
afterEach(async () => expect(await shop.broken()).toEqual([]));

const typesOf = async (orderId: unknown) => (await shop.facts(orderId)).map(({ type }) => type);
const mails = (orderId: unknown) =>
  shop.get<{ template: string; state: string }[]>(`${shop.target.urls.email}/emails?orderId=${String(orderId)}`);
const paymentState = async (orderId: unknown) =>
  (await shop.get<{ state: string }>(`${shop.target.urls.payment}/payments/${String(orderId)}`)).state;
const ledger = async (orderId: unknown) =>
  (await shop.get<{ operation: string }[]>(`${shop.target.gatewayUrl}/ledger?orderId=${String(orderId)}`)).map(
    ({ operation }) => operation,
  );

test('a declined card cancels the order, gives the stock back and says so by mail', async () => {
  const { body } = await shop.checkout({ sku: 'vase-tall' }, { paymentMethod: 'pm_card_visa_chargeDeclined' });
  expect(await shop.outcome(body.orderId)).toBe('payment-declined');
  await eventually(async () => expect(await typesOf(body.orderId)).toContain('StockReleased'));
  await eventually(async () =>
    expect(await mails(body.orderId)).toMatchObject([{ template: 'cancellation', state: 'sent' }]),
  );
  expect(await ledger(body.orderId)).toEqual(['decline']);
});

test('stock that is short cancels the order and lets the held money go', async () => {
  const { body } = await shop.checkout({ sku: 'clock-oak' });
  expect(await shop.outcome(body.orderId)).toBe('stock-short');
  await eventually(async () => expect(await paymentState(body.orderId)).toBe('voided'));
  // The void may come before the money was ever held; then there is nothing to cancel.
  expect([['authorize', 'cancel'], []]).toContainEqual(await ledger(body.orderId));
});

test('a card that is declined and stock that is short cancel the order once', async () => {
  const { body } = await shop.checkout({ sku: 'clock-oak' }, { paymentMethod: 'pm_card_visa_chargeDeclined' });
  expect(['payment-declined', 'stock-short']).toContain(await shop.outcome(body.orderId));
  await eventually(async () => expect(['declined', 'voided']).toContain(await paymentState(body.orderId)));
  await eventually(async () =>
    expect(await mails(body.orderId)).toMatchObject([{ template: 'cancellation', state: 'sent' }]),
  );
});

test('the same POST sent five times at once, and once more later, makes one order', async () => {
  const key = 'the-same-key';
  const answers = await Promise.all(Array.from({ length: 5 }, () => shop.checkout({ sku: 'mug-white' }, { key })));
  answers.push(await shop.checkout({ sku: 'mug-white' }, { key }));
  const accepted = answers.filter(({ status }) => status === 202);
  expect(answers.at(-1)!.status).toBe(202);
  expect(new Set(accepted.map(({ body }) => body.orderId)).size).toBe(1);
  // The others came while the first was under way.
  const refused = answers.filter(({ status }) => status !== 202).map(({ body }) => body.code);
  expect(new Set([...refused, 'idempotency-key-in-use'])).toEqual(new Set(['idempotency-key-in-use']));
  expect(await shop.outcome(accepted[0]!.body.orderId)).toBe('completed');

  const other = await shop.checkout({ sku: 'teapot' }, { key });
  expect(other).toMatchObject({ status: 422, body: { code: 'idempotency-key-reused' } });
});

test('of two hundred buyers at once for the last ten pieces exactly ten get one, and nobody else pays', async () => {
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
  const brought = { method: 'POST', headers, body: JSON.stringify({ quantity: 7 }) };
  const answer = await shop.send('/stock/lamp-brass/replenishments', brought, shop.target.urls.inventory);
  expect(answer).toMatchObject({ status: 201, body: { available: 10 } });

  // Two hundred wait for ten connections. A buyer who gets "try again" repeats the request under the same key, as a browser would.
  const buy = async (key: string): Promise<Awaited<ReturnType<typeof shop.checkout>>> => {
    const receipt = await shop.checkout({ sku: 'lamp-brass' }, { key });
    return receipt.status === 503 ? buy(key) : receipt;
  };
  const receipts = await Promise.all(Array.from({ length: 200 }, () => buy(randomUUID())));
  expect(receipts.filter(({ status }) => status !== 202)).toEqual([]);
  const ids = receipts.map(({ body }) => body.orderId!);
  // All at once, and one question for all: two hundred that ask one by one would be the load.
  const outcomes = await eventually(async () => {
    const rows = await shop.query<{ outcome: string }>(
      'order',
      `SELECT coalesce(state ->> 'reason', status) AS outcome FROM orders WHERE order_id = ANY($1)`,
      [ids],
    );
    expect(rows.filter(({ outcome }) => ['placed', 'confirmed'].includes(outcome))).toEqual([]);
    return rows.map(({ outcome }) => outcome);
  });
  expect(outcomes.filter((outcome) => outcome === 'completed')).toHaveLength(10);
  expect(outcomes.filter((outcome) => outcome === 'stock-short')).toHaveLength(190);
  const lamp = await eventually(async () => {
    const levels = await shop.get<{ sku: string; shipped: number }[]>(`${shop.target.urls.inventory}/stock`);
    const level = levels.find(({ sku }) => sku === 'lamp-brass');
    expect(level?.shipped).toBe(10);
    return level;
  });
  expect(lamp).toEqual({ sku: 'lamp-brass', available: 0, reserved: 0, shipped: 10 });
  expect(await shop.broken()).toEqual([]);
});
