import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually, testNamespace } from '@cartwheel/testing';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { claimFolder, stopRecorded } from '../../../tools/stack/leftovers.ts';
import { fetchZipkin, startZipkin } from '../../../tools/stack/native/zipkin.ts';
import { freePorts } from '../../../tools/stack/ports.ts';
import { spanTree, type ZipkinSpan } from './span-tree.ts';
import { testShop, type TestShop } from './test-shop.ts';

// One checkout is one trace, over five services, two brokers, the gateway and SMTP. Read back from a real Zipkin.

const root = join(import.meta.dirname, '../../..');
const folder = join(root, '.cartwheel/test', testNamespace());
await claimFolder(folder);
const missing = await fetchZipkin(folder);
if (missing !== undefined) process.stdout.write(`one trace: skipped, ${missing}\n`);
const withZipkin = missing === undefined ? test : test.skip;

let shop: TestShop;
let zipkinUrl: string;

beforeAll(async () => {
  if (missing !== undefined) return;
  const { mailbox: port } = await freePorts();
  zipkinUrl = `http://127.0.0.1:${port}`;
  const endpoint = `${zipkinUrl}/api/v2/spans`;
  [shop] = await Promise.all([
    testShop({ OTEL_TRACES_EXPORTER: 'zipkin', OTEL_EXPORTER_ZIPKIN_ENDPOINT: endpoint }),
    startZipkin({ folder, port }),
  ]);
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

withZipkin('the spans of one checkout are the tree of docs/observability.md', async () => {
  const text = readFileSync(join(root, 'docs/observability.md'), 'utf8');
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
