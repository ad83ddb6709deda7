import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@cartwheel/testing';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { answered, testShop, type TestShop } from './test-shop.ts';

// What a client of the order service can ask, and what it is told. The shop behind it is the whole one.

let shop: TestShop;
beforeAll(async () => {
  shop = await testShop();
});
afterAll(() => shop?.stop());

type Entry = { version: number; type: string; occurredAt: string };
type Event = { id: string; event: string; data: Entry };

const completed = async () => {
  const { body } = await shop.checkout({ sku: 'mug-blue' });
  expect(await shop.outcome(body.orderId)).toBe('completed');
  return String(body.orderId);
};
const historyOf = async (orderId: string) =>
  (await answered(shop.orders.GET('/orders/{id}/history', { params: { path: { id: orderId } } }))).body.history!;
const stream = (orderId: string, init: { headers?: Record<string, string>; signal?: AbortSignal }) =>
  shop.orders.GET('/orders/{id}/stream', { params: { path: { id: orderId } }, parseAs: 'stream', ...init });

/** Reads server-sent events until `enough`, then hangs up. */
async function listen(orderId: string, enough: (events: Event[]) => boolean, lastEventId?: string): Promise<Event[]> {
  const hangUp = new AbortController();
  const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const { response, data } = await stream(orderId, { headers, signal: hangUp.signal });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const events: Event[] = [];
  let text = '';
  for await (const chunk of data!.pipeThrough(new TextDecoderStream())) {
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
    const history = await historyOf(orderId);
    const types = history.map(({ type }) => type);
    expect(types[0]).toBe('OrderPlaced');
    expect(types.slice(1, 3).sort()).toEqual(['PaymentNoted', 'StockNoted']);
    expect(types.slice(3)).toEqual(['OrderConfirmed', 'OrderCompleted']);

    const placedAt = history[0]!.occurredAt;
    const before = new Date(Date.parse(placedAt) - 1).toISOString();
    expect(await shop.order(orderId, before)).toMatchObject({ status: 404 });
    expect((await shop.order(orderId, placedAt)).body).toMatchObject({ status: 'placed', placedAt });
    expect((await shop.order(orderId, history[4]!.occurredAt)).body).toEqual((await shop.order(orderId)).body);
  });

  test.each([
    ['no-such-id', 404, 'order-not-found'],
    [`${randomUUID()}`, 404, 'order-not-found'],
    [`${randomUUID()}/history`, 404, 'order-not-found'],
    [`${randomUUID()}/stream`, 404, 'order-not-found'],
    [`${randomUUID()}?at=yesterday`, 400, 'invalid-request'],
  ])('GET /orders/%s is %i %s', async (path, status, code) => {
    expect(await shop.send(`/orders/${path}`)).toMatchObject({ status, body: { code } });
  });
});

describe('the list of orders', () => {
  test('pages from the newest to the oldest, each order once, while new ones are placed', async () => {
    const ids = [await completed(), await completed(), await completed()];
    const page = async (query: { limit: number; after?: string }) =>
      (await shop.orders.GET('/orders', { params: { query } })).data!;
    const seen: string[] = [];
    let next: string | undefined;
    do {
      const { orders, next: cursor } = await page({ limit: 2, ...(next === undefined ? {} : { after: next }) });
      seen.push(...orders.map(({ orderId }) => orderId));
      next = cursor;
      if (seen.length === 2) await completed();
    } while (next !== undefined);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.slice(0, 3)).toEqual(ids.reverse());
    expect(JSON.stringify((await page({ limit: 100 })).orders)).not.toContain('ada@example.com');
  });

  test.each(['limit=0', 'limit=101', 'limit=many', 'after=here'])('refuses %s', async (query) => {
    expect(await shop.send(`/orders?${query}`)).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
  });
});

describe('the stream of an order', () => {
  test('tells what was and what comes, and goes on after the last event that the client saw', async () => {
    const { body } = await shop.checkout({ sku: 'mug-blue' });
    const orderId = String(body.orderId);
    const first = await listen(orderId, (events) => events.length >= 1);
    expect(first[0]).toMatchObject({ id: '1', event: 'OrderPlaced', data: { version: 1, type: 'OrderPlaced' } });
    const rest = await listen(orderId, (events) => events.at(-1)?.event === 'OrderCompleted', first.at(-1)!.id);
    expect([...first, ...rest].map(({ data }) => data)).toEqual(await historyOf(orderId));
  });

  test('ends with an order that can change no more, and tells the client not to come back', async () => {
    const { body } = await shop.checkout({ sku: 'mug-blue' }, { paymentMethod: 'pm_card_visa_chargeDeclined' });
    const orderId = String(body.orderId);
    const events = await listen(orderId, () => false);
    expect(events.at(-1)).toMatchObject({ event: 'OrderCancelled', data: { cancellationReason: 'payment-declined' } });
    const { response } = await stream(orderId, { headers: { 'last-event-id': events.at(-1)!.id } });
    expect(response.status).toBe(204);
  });
});

describe('a cancellation', () => {
  test('of a placed order cancels it, holds nothing, and a second one is told so', async () => {
    const { body } = await shop.checkout({ sku: 'mug-blue' }, { paymentMethod: 'pm_cartwheel_slow' });
    expect(await shop.cancel(body.orderId)).toMatchObject({ status: 202, body: { cancellationReason: 'customer' } });
    expect(await shop.cancel(body.orderId)).toMatchObject({ status: 409, body: { code: 'order-already-cancelled' } });
    await eventually(async () => {
      const facts = await shop.facts(body.orderId);
      expect(facts.map(({ type }) => type)).toEqual(expect.arrayContaining(['PaymentVoided', 'StockReleased']));
      const cancelled = facts.find(({ type }) => type === 'OrderCancelled')!;
      expect(cancelled.causationId).toMatch(/^http:/);
    });
  });

  test('of an order that does not exist is told so', async () => {
    expect(await shop.cancel(randomUUID())).toMatchObject({ status: 404, body: { code: 'order-not-found' } });
  });
});

test('every answer of every service has the shape that its API document gives, no field more and none less', async () => {
  const { orderId } = (await shop.checkout({ sku: 'teapot' })).body;
  expect(await shop.outcome(orderId)).toBe('completed');
  await shop.cancel(orderId);
  await eventually(async () => {
    const types = (await shop.facts(orderId)).map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['OrderRefunded', 'StockReturned']));
  });
  await atEachAddress(String(orderId));
});

type Schema = Record<string, unknown>;
type Documented = {
  paths: Record<string, { get?: { responses: Record<string, { content?: Record<string, { schema: Schema }> }> } }>;
  components: { schemas: Schema };
};

async function atEachAddress(orderId: string) {
  const asked: string[] = [];
  const { urls, opsToken } = shop.target;
  const given: Record<string, string> = { '{id}': orderId, '{orderId}': orderId, '{sku}': 'teapot' };
  for (const [service, url] of Object.entries(urls)) {
    const { paths, components } = await shop.get<Documented>(`${url}/docs/openapi.json`);
    // Without patterns: JSON Schema reads them with the `u` flag, zod's reader without.
    const defs = JSON.stringify(components.schemas, (key, value: unknown) => (key === 'pattern' ? undefined : value));
    const $defs = JSON.parse(defs.replaceAll('#/components/schemas/', '#/$defs/')) as object;
    for (const [path, { get }] of Object.entries(paths)) {
      const schema = get?.responses['200']?.content?.['application/json']?.schema;
      if (!schema || path.includes('{position}')) continue;
      const address = path.replaceAll(/\{\w+\}/g, (name) => given[name]!);
      const query = ['/emails', '/facts'].includes(path) ? `?orderId=${orderId}` : '';
      const headers = { authorization: `Bearer ${opsToken}`, 'cartwheel-operator': 'ada' };
      const answer = await (await fetch(`${url}${address}${query}`, { headers })).json();
      const $ref = String(schema['$ref']).replace('#/components/schemas/', '#/$defs/');
      const { error } = z.fromJSONSchema({ $ref, $defs } as never).safeParse(answer);
      expect([service, path, error && z.prettifyError(error)]).toEqual([service, path, undefined]);
      asked.push(`${service} ${path}`);
    }
  }
  // Each has two for operators; a document that describes no answers would make this test pass.
  expect(asked.length).toBeGreaterThanOrEqual(5 * 2 + 13);
}

test('and the books agree', async () => expect(await shop.broken()).toEqual([]));
