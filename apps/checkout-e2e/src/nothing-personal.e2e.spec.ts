import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fact, headersOf, task, topology } from '@cartwheel/contracts';
import { newId } from '@cartwheel/primitives';
import { engines, eventually, sendRecord, sendTask } from '@cartwheel/testing';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import type { ServiceName } from '../../../tools/setup/databases.ts';
import { testShop, type TestShop } from './test-shop.ts';

// Somebody whom nobody else is called like, planted wherever a customer, a stranger or a library can put a word. Then all
// that the shop has said is searched: logs at debug, spans, metrics, and the texts of errors that are kept or shown.

const name = 'Ottoline Quackenbush';
const email = 'ottoline.quackenbush@planted.example';
const card = '4242424242424242';
const PLANTED = /ottoline|quackenbush|4242 ?4242|T3R0b2xpbmU/i;

/** Of this payment method the gateway says more than it should. */
const REFUSED = 'pm_card_visa_chargeDeclined';

let shop: TestShop;
let stopOutside: () => Promise<unknown>;
const spans: string[] = [];

beforeAll(async () => {
  const collector = createServer((request, response) => {
    void text(request).then((body) => {
      spans.push(body);
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  // Before the gateway stands one that quotes the card when it refuses.
  const gateway = createServer((request, response) => {
    void text(request).then(async (body) => {
      response.setHeader('content-type', 'application/json');
      if (body.includes(REFUSED)) {
        const message = `The card ${card} of ${name} <${email}> was refused.`;
        response.statusCode = 402;
        return response.end(JSON.stringify({ error: { type: 'card_error', code: 'card_declined', message } }));
      }
      const { method = 'GET', url = '', headers } = request;
      const kept = ['authorization', 'content-type', 'idempotency-key'].flatMap((header) => {
        const value = headers[header];
        return typeof value === 'string' ? [[header, value] as const] : [];
      });
      const init = { method, headers: Object.fromEntries(kept), ...(body === '' ? {} : { body }) };
      const answer = await fetch(`${shop.target.gatewayUrl}${url}`, init);
      response.statusCode = answer.status;
      return response.end(await answer.text());
    });
  });
  // A mail server that says more than it should, as they do.
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    closeTimeout: 100,
    onRcptTo: ({ address }, _, done) => {
      done(Object.assign(new Error(`5.1.1 <${address}> ${name} is unknown here`), { responseCode: 550 }));
    },
  });
  smtp.on('error', () => undefined);
  await Promise.all([
    once(collector.listen(0, '127.0.0.1'), 'listening'),
    once(gateway.listen(0, '127.0.0.1'), 'listening'),
    once(smtp.listen(0, '127.0.0.1'), 'listening'),
  ]);
  stopOutside = () =>
    Promise.all([collector, gateway, smtp].map((server) => new Promise<void>((end) => server.close(() => end()))));
  const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;
  shop = await testShop({
    LOG_LEVEL: 'debug',
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${portOf(collector)}`,
    GATEWAY_URL: `http://127.0.0.1:${portOf(gateway)}`,
    SMTP_URL: `smtp://127.0.0.1:${portOf(smtp.server)}?ignoreTLS=true`,
  });
});
afterAll(async () => {
  await shop?.stop();
  await stopOutside?.();
});

const post = (
  body: object | string,
  headers: Record<string, string> = {},
  path = '/checkout',
  at = shop.target.urls.order,
) =>
  fetch(`${at}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': newId(), ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const cart = (more: object = {}) => ({
  customer: { name, email },
  items: [{ sku: 'mug-blue', quantity: 1 }],
  payment: { paymentMethod: 'pm_card_visa' },
  ...more,
});
const dead = (service: ServiceName) =>
  shop.query<{ error_class: string; error_message: string }>(
    service,
    'SELECT state, error_class, error_message, attempts FROM parked_messages',
  );

async function overHttp() {
  const { order, analytics, payment } = shop.target.urls;
  const answers = await Promise.all([
    post(cart(), { baggage: `user=${email}`, tracestate: `user=${name.replace(' ', '')}`, traceparent: email }),
    post(cart({ payment: { paymentMethod: `pm_${card}` } })),
    post(cart({ payment: { paymentMethod: REFUSED } })),
    post(`{"customer": {"name": "${name}", "card": ${card}`),
    post(cart({ items: [{ sku: name, quantity: 1 }] })),
    post(cart({ customer: { name: email, email: name } })),
    post(cart({ items: [{ sku: 'plate-small', quantity: 1 }] }), { 'idempotency-key': email }),
    post(
      { id: 'evt_1', note: `${name} ${card}` },
      { 'stripe-signature': `t=1,v1=${card}` },
      '/gateway/webhooks',
      payment,
    ),
    fetch(`${order}/orders/${email}`),
    fetch(`${order}/orders/${card}`, { headers: { traceparent: `00-${card}` } }),
    fetch(`${order}/no/such/${encodeURIComponent(name)}`),
    fetch(`${analytics}/facts?q=${encodeURIComponent(email)}`),
    fetch(`${analytics}/facts?type=${encodeURIComponent(name)}`),
  ]);
  return answers.map(({ status }) => status);
}

async function overBrokers() {
  const names = topology(shop.namespace);
  const [orderId, cause] = [newId(), { correlationId: newId(), causationId: `http:${newId()}` }];
  const cancelled = headersOf(fact('OrderCancelled', orderId, { orderId, reason: 'customer' }), 'order', cause);
  const voided = headersOf(task('VoidPayment', orderId, { orderId, paymentId: newId() }), 'payment', cause);
  const record = (headers: Record<string, string>, value: string) =>
    sendRecord(engines().kafka.brokers, {
      topic: names.topic('order-events'),
      key: email,
      headers,
      value: Buffer.from(value),
    });
  await record({ ...cancelled, traceparent: email, baggage: name }, `{"customer": "${name}" oops`);
  await record({ ...cancelled, ce_id: newId(), ce_type: email, ce_subject: name }, '{}');
  await record({ ...cancelled, ce_id: email, ce_correlationid: name }, '{}');
  for (const headers of [
    voided,
    { ...voided, ce_id: email, ce_type: name, ce_correlationid: email, traceparent: card },
  ]) {
    await sendTask(engines().rabbitmq.url, {
      exchange: names.exchange,
      routingKey: 'payment.card.void',
      headers,
      content: Buffer.from(`{"customer": "${name}", "card": ${card} oops`),
    });
  }
}

test('whoever is planted everywhere is found nowhere', async () => {
  // PostgreSQL says in its errors which value it did not like.
  const refusing = `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.items::text LIKE '%plate%' THEN PERFORM NEW.name::int; END IF; RETURN NEW; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON addressees FOR EACH ROW EXECUTE FUNCTION refuse();`;
  await shop.query('email', refusing);
  expect(await overHttp()).toEqual([202, 400, 202, 400, 422, 400, 202, 400, 404, 404, 404, 200, 400]);
  await overBrokers();

  // Everything went wrong that should.
  await eventually(async () => {
    const [inEmail, inPayment] = [await dead('email'), await dead('payment')];
    const messages = inEmail.map(({ error_message }) => error_message);
    expect(messages.join()).toMatch(/invalid input syntax for type integer.*22P02/);
    expect(messages).toContain('SMTP 550');
    expect(shop.logged('task failed', 'email')).toBeGreaterThan(0);
    expect(await shop.query('payment', `SELECT 1 FROM payments WHERE failure_code = 'card_declined'`)).toHaveLength(1);
    expect(inPayment.filter(({ error_class }) => error_class === 'UnreadableMessage').length).toBeGreaterThanOrEqual(3);
  });
  const shown = await Promise.all(
    Object.entries(shop.target.urls).flatMap(([, url]) => {
      const headers = { authorization: `Bearer ${shop.target.opsToken}` };
      const pages = ['/metrics', '/ops/dead-letters', '/ops/parked'].map((path) => fetch(`${url}${path}`, { headers }));
      return pages.map(async (page) => (await page).text());
    }),
  );
  const emails = await shop.query<{ order_id: string }>('email', 'SELECT order_id FROM emails');
  for (const { order_id } of emails) {
    shown.push(await (await fetch(`${shop.target.urls.email}/emails?orderId=${order_id}`)).text());
    shown.push(JSON.stringify(await shop.facts(order_id)));
  }
  const kept = JSON.stringify(await Promise.all((['email', 'payment', 'inventory', 'order'] as const).map(dead)));

  // The last spans leave with their service.
  for (const service of Object.keys(shop.target.urls) as ServiceName[]) await shop.stopService(service);
  const logs = globSync(join(shop.folder, 'logs/*.log')).map((file) => readFileSync(file, 'utf8'));

  const found = (texts: readonly string[]) =>
    texts.flatMap((one) => one.split(/\n|(?<=\}\]),/)).filter((line) => PLANTED.test(line));
  expect(found(logs)).toEqual([]);
  expect(found(spans)).toEqual([]);
  expect(found(shown)).toEqual([]);
  expect(found([kept])).toEqual([]);

  // And there was something to be found: a search of nothing finds nothing.
  expect(logs.join('').split('\n').length).toBeGreaterThan(100);
  expect(spans.join('')).toContain('process');
  expect(spans.join('')).toContain('smtp send');
  expect(shown.filter((page) => page.includes('messaging_process_duration_bucket'))).toHaveLength(5);

  // Lines inside a message or a request name their checkout and their trace.
  const lines = logs.flatMap((log) => log.split('\n').filter((line) => line.startsWith('{"level"')));
  const within = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg, errorClass }) => /^(parked )?fact (parked|failed)$|^task failed$/.test(String(msg)) && errorClass);
  expect(within.length).toBeGreaterThanOrEqual(2);
  for (const line of within) {
    expect(line).toMatchObject({
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  }
}, 90_000);
