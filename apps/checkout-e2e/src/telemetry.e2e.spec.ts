import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually, testNamespace } from '@cartwheel/testing';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { claimFolder, stopRecorded } from '../../../tools/stack/leftovers.ts';
import { prometheusIsMissing, startPrometheus } from '../../../tools/stack/native/prometheus.ts';
import { fetchZipkin, startZipkin } from '../../../tools/stack/native/zipkin.ts';
import { freePorts } from '../../../tools/stack/ports.ts';
import { alertNames, dashboardQueries } from '../../../tools/telemetry/queries.ts';
import { spanTree, type ZipkinSpan } from './span-tree.ts';
import { testShop, type TestShop } from './test-shop.ts';

// What traces and metrics say of a checkout, read back from a real Zipkin and a real Prometheus.

const root = join(import.meta.dirname, '../../..');
const folder = join(root, '.cartwheel/test', testNamespace());
await claimFolder(folder);
const missing = await fetchZipkin(folder);
const noPrometheus = prometheusIsMissing();
if (missing !== undefined) process.stdout.write(`traces: not tried, ${missing}\n`);
if (noPrometheus !== undefined) process.stdout.write(`dashboards: not tried, ${noPrometheus}\n`);
const withZipkin = missing === undefined ? test : test.skip;
const withPrometheus = noPrometheus === undefined ? test : test.skip;

let shop: TestShop;
let zipkinUrl: string;
let prometheusUrl: string;

beforeAll(async () => {
  const { mailbox: port, smtp: prometheusPort } = await freePorts();
  zipkinUrl = `http://127.0.0.1:${port}`;
  const endpoint = `${zipkinUrl}/api/v2/spans`;
  [shop] = await Promise.all([
    testShop({
      OTEL_TRACES_EXPORTER: missing === undefined ? 'zipkin' : 'none',
      OTEL_EXPORTER_ZIPKIN_ENDPOINT: endpoint,
    }),
    ...(missing === undefined ? [startZipkin({ folder, port })] : []),
  ]);
  prometheusUrl = `http://127.0.0.1:${prometheusPort}`;
  const targets = Object.values(shop.target.urls).map((url) => new URL(url).host);
  if (noPrometheus === undefined) await startPrometheus({ folder, port: prometheusPort, targets });
}, 120_000);
afterAll(async () => {
  await shop?.stop();
  await stopRecorded(folder);
  rmSync(folder, { recursive: true, force: true });
});

async function placeOrder(traceparent: string) {
  return shop.send('/checkout', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID(), traceparent },
    body: JSON.stringify({
      customer: { name: 'Ada Moreau', email: 'ada@example.com' },
      items: [{ sku: 'mug-blue', quantity: 1 }],
      // The webhooks come when all is over: one that is first would announce the payment in a trace of its own.
      payment: { paymentMethod: 'pm_cartwheel_late_webhook' },
    }),
  });
}

/** Of the two answers the order waits for, the second one confirms it; which one that is, differs. */
function asIfPaymentWereLast(spans: readonly ZipkinSpan[]): ZipkinSpan[] {
  const ofType = (name: string, type: string) =>
    spans.find(
      ({ name: full, tags, localEndpoint }) =>
        full.startsWith(name) && tags['cloudevents.event_type'] === type && localEndpoint.serviceName === 'order',
    );
  const confirmed = ofType('send', 'OrderConfirmed');
  const answers = [ofType('process', 'PaymentAuthorized'), ofType('process', 'StockReserved')];
  const isEither = answers.some((answer) => answer !== undefined && answer.id === confirmed?.parentId);
  if (!isEither) return [...spans];
  return spans.map((span) => (span === confirmed ? { ...span, parentId: answers[0]!.id } : span));
}

withZipkin('the spans of one checkout are the tree of docs/operate/observability.md', async () => {
  const text = readFileSync(join(root, 'docs/operate/observability.md'), 'utf8');
  const expected = /^```text\n(post \/checkout .*?)\n```/ms.exec(text)![1];

  const traceId = randomBytes(16).toString('hex');
  const receipt = await placeOrder(`00-${traceId}-${randomBytes(8).toString('hex')}-01`);
  expect(receipt.status).toBe(202);

  const spans = await eventually(async () => {
    const found = await shop.get<ZipkinSpan[]>(`${zipkinUrl}/api/v2/trace/${traceId}`);
    expect(spanTree(asIfPaymentWereLast(found), shop.namespace)).toBe(expected);
    return found;
  });

  // Every message of it says which checkout it belongs to, and the log of facts which trace.
  const correlationIds = spans.flatMap(({ tags }) => tags['messaging.message.conversation_id'] ?? []);
  expect(new Set(correlationIds).size).toBe(1);
  const traceparents = await shop.query<{ traceparent: string }>('analytics', 'SELECT traceparent FROM facts');
  expect(new Set(traceparents.map(({ traceparent }) => traceparent.split('-')[1]))).toEqual(new Set([traceId]));
  // What failed is marked by its class alone; here nothing did.
  expect(spans.filter(({ tags }) => 'error.type' in tags)).toEqual([]);
});

withZipkin('a traceparent that is none begins a new trace', async () => {
  const nonsense = `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`;
  expect((await placeOrder(nonsense)).status).toBe(202);
  await eventually(async () => {
    const traceparents = await shop.query<{ traceparent: string }>(
      'analytics',
      `SELECT traceparent FROM facts WHERE type = 'OrderPlaced' ORDER BY recorded_at`,
    );
    expect(traceparents).toHaveLength(2);
    expect(traceparents[1]!.traceparent).toMatch(/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });
});

/** Nothing to see while nothing fails. */
const ABOUT_FAILURES = /Failed attempts|Not simply applied|Set aside|dead letter/;

test('the way in which an order has not ended yet is on the page with 0', async () => {
  const page = await (await fetch(`${shop.target.urls.order}/metrics`)).text();
  expect(page).toContain('cartwheel_order_ended_total{cartwheel_outcome="timed-out",service_name="order"} 0');
});

withPrometheus(
  'every query of the dashboards runs in a real Prometheus, and every panel but those about failures shows something',
  async () => {
    const { body } = await shop.checkout({ sku: 'mug-blue' });
    expect(await shop.outcome(body['orderId'])).toBe('completed');
    type Answer = { status: string; data: { result: unknown[] } };
    const ask = (query: string) =>
      shop.get<Answer>(`${prometheusUrl}/api/v1/query?${String(new URLSearchParams({ query }))}`);

    await eventually(async () => {
      const answers = await Promise.all(
        dashboardQueries().map(async ([panel, query]) => ({ panel, query, ...(await ask(query)) })),
      );
      expect(answers.filter(({ status }) => status !== 'success')).toEqual([]);
      const panels = Map.groupBy(answers, ({ panel }) => panel);
      const empty = [...panels]
        .filter(([, of]) => of.every(({ data }) => data.result.length === 0))
        .map(([panel]) => panel);
      expect(empty.filter((panel) => !ABOUT_FAILURES.test(panel))).toEqual([]);
    });

    // Prometheus has taken the rules, and in a shop in good order none of them fires.
    type Rules = { data: { groups: { rules: { name: string; health: string; state: string }[] }[] } };
    const { data } = await shop.get<Rules>(`${prometheusUrl}/api/v1/rules`);
    const rules = data.groups.flatMap((group) => group.rules);
    expect(rules.map(({ name }) => name).toSorted()).toEqual(alertNames().toSorted());
    expect(rules.filter(({ health, state }) => health !== 'ok' || state === 'firing')).toEqual([]);
  },
);
