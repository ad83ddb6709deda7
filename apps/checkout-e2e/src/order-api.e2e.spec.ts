import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@cartwheel/testing';
import { randomUUID } from 'node:crypto';
import { testShop, type TestShop } from './test-shop.ts';

// What a client of the order service can ask, and what it is told. The shop behind it is the whole one.

let shop: TestShop;
beforeAll(async () => {
  shop = await testShop();
});
afterAll(() => shop?.stop());

type Entry = { version: number; type: string; occurredAt: string };
type Event = { id: string; event: string; data: Entry };

const order = (path: string) => shop.send(`/orders/${path}`);
const cancel = (orderId: unknown) => shop.send(`/orders/${String(orderId)}/cancellation`, { method: 'POST' });
const completed = async () => {
  const { body } = await shop.checkout({ sku: 'mug-blue' });
  expect(await shop.outcome(body['orderId'])).toBe('completed');
  return String(body['orderId']);
};

/** Reads server-sent events until `enough`, then hangs up. */
async function listen(orderId: string, enough: (events: Event[]) => boolean, lastEventId?: string): Promise<Event[]> {
  const hangUp = new AbortController();
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const response = await fetch(`${shop.target.urls.order}/orders/${orderId}/stream`, {
    headers,
    signal: hangUp.signal,
  });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const events: Event[] = [];
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
      if (field('data') === undefined) continue;
      events.push({ id: field('id')!, event: field('event')!, data: JSON.parse(field('data')!) as Entry });
    }
    if (enough(events)) break;
  }
  hangUp.abort();
  return events;
}

describe('the history of an order', () => {
  test('says every step, and `at` shows the order as it was after each of them', async () => {
    const orderId = await completed();
    const { body } = await order(`${orderId}/history`);
    const history = body['history'] as Entry[];
    const types = history.map(({ type }) => type);
    expect(types[0]).toBe('OrderPlaced');
    expect(types.slice(1, 3).sort()).toEqual(['PaymentNoted', 'StockNoted']);
    expect(types.slice(3)).toEqual(['OrderConfirmed', 'OrderCompleted']);

    const placedAt = history[0]!.occurredAt;
    const before = new Date(Date.parse(placedAt) - 1).toISOString();
    expect(await order(`${orderId}?at=${before}`)).toMatchObject({ status: 404 });
    expect((await order(`${orderId}?at=${placedAt}`)).body).toMatchObject({ status: 'placed', placedAt });
    expect((await order(`${orderId}?at=${history[4]!.occurredAt}`)).body).toEqual((await order(orderId)).body);
  });

  test.each([
    ['no-such-id', 404, 'order-not-found'],
    [`${randomUUID()}`, 404, 'order-not-found'],
    [`${randomUUID()}/history`, 404, 'order-not-found'],
    [`${randomUUID()}/stream`, 404, 'order-not-found'],
    [`${randomUUID()}?at=yesterday`, 400, 'invalid-request'],
  ])('GET /orders/%s is %i %s', async (path, status, code) => {
    expect(await order(path)).toMatchObject({ status, body: { code } });
  });
});

describe('the list of orders', () => {
  test('pages from the newest to the oldest, each order once, while new ones are placed', async () => {
    const ids = [await completed(), await completed(), await completed()];
    const page = async (query: string) => (await shop.send(`/orders?${query}`)).body as never as Page;
    type Page = { orders: { orderId: string }[]; next?: string };
    const seen: string[] = [];
    let next: string | undefined;
    do {
      const { orders, next: cursor } = await page(`limit=2${next === undefined ? '' : `&after=${next}`}`);
      seen.push(...orders.map(({ orderId }) => orderId));
      next = cursor;
      if (seen.length === 2) await completed();
    } while (next !== undefined);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.slice(0, 3)).toEqual(ids.reverse());
    expect(JSON.stringify((await page('limit=100')).orders)).not.toContain('ada@example.com');
  });

  test.each(['limit=0', 'limit=101', 'limit=many', 'after=here'])('refuses %s', async (query) => {
    expect(await shop.send(`/orders?${query}`)).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
  });
});

describe('the stream of an order', () => {
  test('tells what was and what comes, and goes on after the last event that the client saw', async () => {
    const { body } = await shop.checkout({ sku: 'mug-blue' });
    const orderId = String(body['orderId']);
    const first = await listen(orderId, (events) => events.length >= 1);
    expect(first[0]).toMatchObject({ id: '1', event: 'OrderPlaced', data: { version: 1, type: 'OrderPlaced' } });
    const rest = await listen(orderId, (events) => events.at(-1)?.event === 'OrderCompleted', first.at(-1)!.id);
    const { body: told } = await order(`${orderId}/history`);
    expect([...first, ...rest].map(({ data }) => data)).toEqual(told['history']);
  });

  test('ends with an order that can change no more, and tells the client not to come back', async () => {
    const { body } = await shop.checkout({ sku: 'mug-blue' }, { paymentMethod: 'pm_card_visa_chargeDeclined' });
    const orderId = String(body['orderId']);
    const events = await listen(orderId, () => false);
    expect(events.at(-1)).toMatchObject({ event: 'OrderCancelled', data: { cancellationReason: 'payment-declined' } });
    const again = await fetch(`${shop.target.urls.order}/orders/${orderId}/stream`, {
      headers: { 'last-event-id': events.at(-1)!.id },
    });
    expect(again.status).toBe(204);
  });
});

describe('a cancellation', () => {
  test('of a placed order cancels it, holds nothing, and a second one is told so', async () => {
    const { body } = await shop.checkout({ sku: 'mug-blue' }, { paymentMethod: 'pm_cartwheel_slow' });
    expect(await cancel(body['orderId'])).toMatchObject({ status: 202, body: { cancellationReason: 'customer' } });
    expect(await cancel(body['orderId'])).toMatchObject({ status: 409, body: { code: 'order-already-cancelled' } });
    await eventually(async () => {
      const facts = await shop.facts(body['orderId']);
      expect(facts.map(({ type }) => type)).toEqual(expect.arrayContaining(['PaymentVoided', 'StockReleased']));
      const cancelled = facts.find(({ type }) => type === 'OrderCancelled')!;
      expect(cancelled.causationId).toMatch(/^http:/);
    });
  });

  test('of an order that does not exist is told so', async () => {
    expect(await cancel(randomUUID())).toMatchObject({ status: 404, body: { code: 'order-not-found' } });
  });
});

test('and the books agree', async () => expect(await shop.broken()).toEqual([]));
