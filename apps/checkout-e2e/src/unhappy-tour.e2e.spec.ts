import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '@cartwheel/testing';
import { testShop, type TestShop } from './test-shop.ts';

// The unhappy tour. The lifecycle test follows an order that goes well; this one follows Ada through a day on which nothing
// does. Each stop is a row of "When something goes wrong" in docs/start/checkout.md. At the end the books must agree all the same.

let shop: TestShop;
beforeAll(async () => {
  shop = await testShop();
});
afterAll(() => shop?.stop());

const typesOf = async (orderId: unknown) => (await shop.facts(orderId)).map(({ type }) => type);
const told = (orderId: unknown, ...types: string[]) =>
  eventually(async () => expect(await typesOf(orderId)).toEqual(expect.arrayContaining(types)));
const mails = (orderId: unknown, ...templates: string[]) =>
  eventually(async () => {
    const sent = await shop.get<{ template: string; state: string }[]>(
      `${shop.target.urls.email}/emails?orderId=${String(orderId)}`,
    );
    expect(sent.filter(({ state }) => state === 'sent').map(({ template }) => template)).toEqual(templates);
  });
const ledger = async (orderId: unknown) =>
  (await shop.get<{ operation: string }[]>(`${shop.target.gatewayUrl}/ledger?orderId=${String(orderId)}`)).map(
    ({ operation }) => operation,
  );
const payment = (orderId: unknown, state: string) =>
  eventually(async () =>
    expect(await shop.get(`${shop.target.urls.payment}/payments/${String(orderId)}`)).toMatchObject({ state }),
  );
const status = (orderId: unknown, wanted: string) =>
  eventually(async () => expect((await shop.order(orderId)).body).toMatchObject({ status: wanted }));

test('In the morning her card is declined: the mug goes back on the shelf, and a mail says why', async () => {
  const { body } = await shop.checkout({ sku: 'mug-blue' }, { paymentMethod: 'pm_card_visa_chargeDeclined' });
  expect(await shop.outcome(body.orderId)).toBe('payment-declined');
  await told(body.orderId, 'PaymentDeclined', 'OrderCancelled', 'StockReleased');
  await mails(body.orderId, 'cancellation');
  expect(await ledger(body.orderId)).toEqual(['decline']);
});

test('She takes another card and a clock that is sold out: whatever was held on the card is let go', async () => {
  const { body } = await shop.checkout({ sku: 'clock-oak' });
  expect(await shop.outcome(body.orderId)).toBe('stock-short');
  await payment(body.orderId, 'voided');
  await mails(body.orderId, 'cancellation');
  expect(await ledger(body.orderId)).not.toContain('capture');
});

test('She orders, thinks better of it while the bank still thinks, and cancels: nothing is charged', async () => {
  const { body } = await shop.checkout({ sku: 'teapot' }, { paymentMethod: 'pm_cartwheel_slow' });
  expect(await shop.cancel(body.orderId)).toMatchObject({ status: 202, body: { cancellationReason: 'customer' } });
  await payment(body.orderId, 'voided');
  await told(body.orderId, 'StockReleased');
  await mails(body.orderId, 'cancellation');
  expect(await ledger(body.orderId)).not.toContain('capture');
  expect(await shop.cancel(body.orderId)).toMatchObject({ status: 409, body: { code: 'order-already-cancelled' } });
});

test('The gateway takes her money and does not say so: the shop asks again, and she pays once', async () => {
  const { body } = await shop.checkout({ sku: 'bowl-large' }, { paymentMethod: 'pm_cartwheel_timeout_after_success' });
  expect(await shop.outcome(body.orderId)).toBe('completed');
  await eventually(async () => expect(await ledger(body.orderId)).toEqual(['authorize', 'capture']));
  await mails(body.orderId, 'confirmation', 'receipt');
});

test('The bowl does not suit her kitchen: she gives it back, and gets all of her money', async () => {
  const { body } = await shop.checkout({ sku: 'bowl-large' });
  expect(await shop.outcome(body.orderId)).toBe('completed');
  expect(await shop.cancel(body.orderId)).toMatchObject({ status: 202, body: { status: 'refunding' } });
  await status(body.orderId, 'refunded');
  await told(body.orderId, 'RefundRequested', 'PaymentRefunded', 'OrderRefunded', 'StockReturned');
  await mails(body.orderId, 'confirmation', 'receipt', 'refund-begun', 'refund-done');
  expect(await ledger(body.orderId)).toEqual(['authorize', 'capture', 'refund']);

  // Asking once more changes nothing.
  expect(await shop.cancel(body.orderId)).toMatchObject({ status: 202, body: { status: 'refunded' } });
});

test('Her browser gives up and sends the order again, while the first is still on its way: she gets one pot', async () => {
  const key = 'the-browser-tries-again';
  const answers = await Promise.all(Array.from({ length: 3 }, () => shop.checkout({ sku: 'teapot' }, { key })));
  const accepted = answers.filter(({ status }) => status === 202);
  expect(new Set(accepted.map(({ body }) => body.orderId)).size).toBe(1);
  expect(await shop.outcome(accepted[0]!.body.orderId)).toBe('completed');
});

test('In the evening the books agree', async () => expect(await shop.broken()).toEqual([]));
