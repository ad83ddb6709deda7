import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '@cartwheel/testing';
import { testShop, type TestShop } from './test-shop.ts';

// The tour: one order from the click to the e-mail, in the order in which things happen. Five services, real Kafka,
// RabbitMQ, PostgreSQL and SMTP; only the card network is a simulator, and it is asked through Stripe's own SDK.

let shop: TestShop;
beforeAll(async () => {
  shop = await testShop();
});
afterAll(() => shop?.stop());

test('one order, from the click to the e-mail', async () => {
  const { urls, gatewayUrl } = shop.target;

  // Ada looks at what there is. Prices are whole cents.
  const { data: products } = await shop.orders.GET('/products');
  expect(products).toContainEqual({
    sku: 'mug-blue',
    name: 'Mug, blue',
    price: { amountMinor: 1_200, currency: 'EUR' },
  });

  // She buys two mugs. The answer comes at once: it says that the order is safely written down, and not yet more.
  const receipt = await shop.checkout({ sku: 'mug-blue', quantity: 2 });
  expect(receipt.status).toBe(202);
  expect(receipt.body).toMatchObject({ status: 'placed', total: { amountMinor: 2_400, currency: 'EUR' } });
  const { orderId } = receipt.body;
  expect(receipt.headers.get('location')).toBe(`/orders/${String(orderId)}`);

  // Behind the counter inventory reserves and payment authorizes, side by side; then the money is taken.
  expect(await shop.outcome(orderId)).toBe('completed');

  // The payment service knows what it did…
  const payment = await shop.get(`${urls.payment}/payments/${String(orderId)}`);
  expect(payment).toMatchObject({ state: 'captured', amount: { amountMinor: 2_400, currency: 'EUR' } });
  // …and the gateway's own ledger agrees: held once, charged once.
  const ledger = await shop.get<{ operation: string; amountMinor: number }[]>(
    `${gatewayUrl}/ledger?orderId=${String(orderId)}`,
  );
  expect(ledger.map(({ operation, amountMinor }) => [operation, amountMinor])).toEqual([
    ['authorize', 2_400],
    ['capture', 2_400],
  ]);

  // The two mugs have left the shelf.
  await eventually(async () => {
    const stock = await shop.get<{ sku: string }[]>(`${urls.inventory}/stock`);
    expect(stock).toContainEqual({ sku: 'mug-blue', available: 498, reserved: 0, shipped: 2 });
  });

  // Ada has mail. The list that an operator sees shows no address.
  const emails = await eventually(async () => {
    const sent = await shop.get<{ emailId: string; state: string }[]>(
      `${urls.email}/emails?orderId=${String(orderId)}`,
    );
    expect(sent).toMatchObject([
      { template: 'confirmation', state: 'sent', recipient: 'a***@example.com' },
      { template: 'receipt', state: 'sent', recipient: 'a***@example.com' },
    ]);
    return sent;
  });
  type Mail = { subject: string; text: string; to: { address: string }[]; headers: Record<string, string> };
  const mailbox = await shop.get<Mail[]>(`${shop.mailboxUrl}/email`);
  const received = mailbox.filter((mail) => mail.headers['message-id']?.includes(emails[0]!.emailId));
  expect(received).toHaveLength(1);
  expect(received[0]).toMatchObject({ to: [{ address: 'ada@example.com' }] });
  expect(received[0]!.text).toContain('2 × Mug, blue at 12.00 EUR');

  // The log tells the story. Each fact names the one that caused it, back to Ada's request.
  const facts = await eventually(async () => {
    const all = await shop.facts(orderId);
    expect(all).toHaveLength(7);
    return all;
  });
  const cause = (type: string) => {
    const { causationId } = facts.find((fact) => fact.type === type)!;
    return facts.find(({ id }) => id === causationId)?.type ?? causationId;
  };
  expect(cause('OrderPlaced')).toMatch(/^http:/);
  expect(cause('StockReserved')).toBe('OrderPlaced');
  expect(cause('PaymentAuthorized')).toBe('OrderPlaced');
  expect(['StockReserved', 'PaymentAuthorized']).toContain(cause('OrderConfirmed'));
  expect(cause('PaymentReceived')).toBe('OrderConfirmed');
  expect(cause('OrderCompleted')).toBe('PaymentReceived');
  expect(cause('StockShipped')).toBe('OrderCompleted');
  // Whoever reads it here learns neither name nor address.
  expect(JSON.stringify(facts)).not.toMatch(/Ada|ada@/);

  // And the books balance.
  expect(await shop.broken()).toEqual([]);
});
