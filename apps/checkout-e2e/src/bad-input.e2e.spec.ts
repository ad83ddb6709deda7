import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fact, headersOf, task, topology } from '@cartwheel/contracts';
import { newId } from '@cartwheel/primitives';
import { engines, eventually, sendRecord, sendTask } from '@cartwheel/testing';
import pg from 'pg';
import { testShop, type TestShop } from './test-shop.ts';

// Whatever comes in, over HTTP, Kafka or RabbitMQ: a clear answer, nothing lost, and the shop goes on.

let shop: TestShop;
beforeAll(async () => {
  shop = await testShop();
});
afterAll(() => shop?.stop());

const good = {
  customer: { name: 'Ada Moreau', email: 'ada@example.com' },
  items: [{ sku: 'mug-blue', quantity: 1 }],
  payment: { paymentMethod: 'pm_card_visa' },
};
const post = (body: unknown, headers: Record<string, string> = { 'idempotency-key': newId() }) =>
  shop.send('/checkout', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const withItem = (item: object) => ({ ...good, items: [item] });

describe('a checkout', () => {
  test.each<[string, unknown, number, string, Record<string, string>?]>([
    ['that is no JSON', '{"customer":', 400, 'malformed-request'],
    ['without a body', '', 400, 'malformed-request'],
    ['of an unknown product', withItem({ sku: 'unicorn', quantity: 1 }), 422, 'unknown-product'],
    ['of none', withItem({ sku: 'mug-blue', quantity: 0 }), 400, 'invalid-request'],
    ['of less than none', withItem({ sku: 'mug-blue', quantity: -1 }), 400, 'invalid-request'],
    ['of half a mug', withItem({ sku: 'mug-blue', quantity: 0.5 }), 400, 'invalid-request'],
    ['of more mugs than there are atoms', withItem({ sku: 'mug-blue', quantity: 1e80 }), 400, 'invalid-request'],
    ['of an empty cart', { ...good, items: [] }, 400, 'invalid-request'],
    ['by nobody', { ...good, customer: undefined }, 400, 'invalid-request'],
    [
      'by a name with a line break in it',
      { ...good, customer: { name: 'Ada\r\nBcc: all', email: 'a@b.example' } },
      400,
      'invalid-request',
    ],
    ['of a product with NUL in its name', withItem({ sku: 'mug\0blue', quantity: 1 }), 400, 'invalid-request'],
    [
      'by a name that ends in half a character',
      { ...good, customer: { name: 'Ada \ud800', email: 'a@b.example' } },
      400,
      'invalid-request',
    ],
    ['that is an array', [good], 400, 'invalid-request'],
    ['that is too large', { ...good, padding: 'x'.repeat(70_000) }, 413, 'body-too-large'],
    ['without an Idempotency-Key', good, 400, 'idempotency-key-missing', {}],
    [
      'under an over-long Idempotency-Key',
      good,
      400,
      'idempotency-key-invalid',
      { 'idempotency-key': 'k'.repeat(256) },
    ],
    ['as plain text', 'buy', 415, 'unsupported-media-type', { 'content-type': 'text/csv', 'idempotency-key': 'x' }],
  ])('%s is refused with a problem that says so', async (...[, body, status, code, headers]) => {
    const answer = await post(body, headers);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer).toMatchObject({ status, body: { type: `urn:cartwheel:problem:${code}`, status, code } });
    expect(typeof answer.body['title'] === 'string' && typeof answer.body['detail'] === 'string').toBe(true);
  });

  test('that was refused placed nothing', async () => {
    const client = new pg.Client({ connectionString: shop.target.databases.order });
    await client.connect();
    const { rows } = await client.query(
      'SELECT (SELECT count(*) FROM orders)::int AS orders, (SELECT count(*) FROM idempotency_keys)::int AS keys',
    );
    await client.end();
    expect(rows).toEqual([{ orders: 0, keys: 0 }]);
  });
});

test.each([
  ['/orders/no-such-order', 'order-not-found'],
  ['/orders/01999999-0000-7000-8000-000000000000', 'order-not-found'],
  ['/no/such/place', 'not-found'],
])('GET %s is a 404 with a code', async (path, code) => {
  expect(await shop.send(path)).toMatchObject({ status: 404, body: { code } });
});

test.each([
  ['/orders/%zz', 400, 'malformed-request'],
  [`/orders/${'x'.repeat(200)}`, 414, 'uri-too-long'],
])('GET %s, which cannot even be routed, is a problem like any other', async (path, status, code) => {
  const answer = await shop.send(path);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(answer).toMatchObject({ status, body: { code } });
});

type Dead = { consumer: string; error_class: string; error_message: string; payload: Buffer | null };
async function deadIn(service: 'inventory' | 'payment'): Promise<Dead[]> {
  const client = new pg.Client({ connectionString: shop.target.databases[service] });
  await client.connect();
  try {
    return (await client.query<Dead>(`SELECT * FROM parked_messages WHERE state = 'dead' ORDER BY position`)).rows;
  } finally {
    await client.end();
  }
}
/** An order after the poison, through the same consumers, shows that they went on. */
async function stillSells() {
  const { body } = await shop.checkout({ sku: 'plate-small' });
  expect(await shop.outcome(body['orderId'])).toBe('completed');
}

describe('a poison message', () => {
  const cause = { correlationId: newId(), causationId: `http:${newId()}` };
  const orderId = newId();
  const cancelled = fact('OrderCancelled', orderId, { orderId, reason: 'timed-out' });
  const headers = (change: Record<string, string> = {}) => ({
    ...headersOf(cancelled, 'order', cause),
    ce_id: newId(),
    ...change,
  });

  test.each<[string, Record<string, string>, Buffer | null, string]>([
    ['that makes JSON.parse throw', headers(), Buffer.from('{"orderId": "ada@example.com" oops'), 'not JSON'],
    ['without any header', {}, Buffer.from('hello'), 'headers missing'],
    ['without a value', headers(), null, 'no value'],
    ['of a future version of a handled type', headers({ ce_dataversion: '99' }), Buffer.from('{}'), 'version 99'],
    ['against its contract', headers(), Buffer.from('{"orderId":1}'), 'breaks the contract'],
  ])('on Kafka %s becomes a dead letter, and every consumer goes on', async (_, recordHeaders, value, words) => {
    const before = (await deadIn('inventory')).length;
    const names = topology(shop.namespace);
    await sendRecord(engines().kafka.brokers, {
      topic: names.topic('order-events'),
      // A key of its own: what follows a dead message under its key waits behind it.
      key: newId(),
      headers: recordHeaders,
      value,
    });
    const dead = await eventually(async () => {
      const all = await deadIn('inventory');
      expect(all).toHaveLength(before + 1);
      return all.at(-1)!;
    });
    expect(dead).toMatchObject({ consumer: 'inventory', error_class: 'UnreadableMessage', payload: value });
    expect(dead.error_message).toContain(words);
    expect(dead.error_message).not.toContain('ada@');
    await stillSells();
  });

  test.each<[string, Record<string, string>, Buffer]>([
    [
      'that is no JSON',
      headersOf(task('VoidPayment', orderId, { orderId, paymentId: newId() }), 'payment', cause),
      Buffer.from('{'),
    ],
    ['without any header', {}, Buffer.from('hello')],
  ])('on RabbitMQ %s becomes a dead letter, and the workers go on', async (_, taskHeaders, content) => {
    const before = (await deadIn('payment')).filter(({ consumer }) => consumer === 'payment.card').length;
    await sendTask(engines().rabbitmq.url, {
      exchange: topology(shop.namespace).exchange,
      routingKey: 'payment.card.void',
      headers: taskHeaders,
      content,
    });
    await eventually(async () => {
      const dead = (await deadIn('payment')).filter(({ consumer }) => consumer === 'payment.card');
      expect(dead).toHaveLength(before + 1);
    });
    await stillSells();
  });
});
