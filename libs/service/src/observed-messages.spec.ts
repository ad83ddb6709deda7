import { fact, headersOf } from '@cartwheel/contracts';
import { contextOf, inSpan, SpanKind, startContext, traceparentIn, traceWith } from '@cartwheel/observability';
import type { RelayRow } from '@cartwheel/outbox';
import { newId } from '@cartwheel/primitives';
import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import { context, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { observedChunk, observedPublish } from './observed-messages.ts';

const exporter = new InMemorySpanExporter();
const cause = { correlationId: newId(), causationId: newId() };

beforeAll(() => {
  startContext();
  traceWith(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
});
beforeEach(() => exporter.reset());

const spanIdOf = (traceparent: unknown) => String(traceparent).split('-')[2];
const linksOf = (name: string, at = 0) =>
  exporter
    .getFinishedSpans()
    .filter((span) => span.name === name)
    [at]!.links.map(({ context: to }) => to.spanId);

/** A row that a span of its own wrote. */
async function row(seq: string): Promise<RelayRow> {
  const orderId = newId();
  const message = fact('OrderCancelled', orderId, { orderId, reason: 'customer' });
  const traceparent = await inSpan('write', { kind: SpanKind.SERVER }, () =>
    Promise.resolve(traceparentIn(context.active())),
  );
  const headers = headersOf(message, 'order', { ...cause, traceparent });
  const { id, type } = message;
  return {
    seq,
    channel: 'kafka',
    id,
    destination: 'order-events',
    key: Buffer.from(orderId),
    type,
    headers,
    payload: null,
  };
}

test('a message that is sent alone goes out with the span that sends it, a child of the one that wrote it', async () => {
  const written = await row('1');
  let sent: readonly RelayRow[] = [];
  await observedPublish('kafka', async (rows) => {
    sent = rows;
    return { confirmed: ['1'] };
  })([written]);
  const send = exporter.getFinishedSpans().at(-1)!;
  expect(send).toMatchObject({ name: 'send order-events', kind: 3 });
  expect(send.parentSpanContext?.spanId).toBe(spanIdOf(written.headers['traceparent']));
  expect(linksOf('send order-events')).toEqual([spanIdOf(written.headers['traceparent'])]);
  expect(sent[0]!.headers['traceparent']).toBe(traceparentIn(trace.setSpanContext(contextOf({}), send.spanContext())));
  // What the relay deletes, and what it would set aside, stays the row that was written.
  expect(written.headers['traceparent']).not.toBe(sent[0]!.headers['traceparent']);
});

test('messages that are sent together share a span that links to each of them, and each links to it', async () => {
  const rows = [await row('1'), await row('2')];
  await observedPublish('kafka', async () => ({ confirmed: ['1'] }))(rows);
  const written = rows.map(({ headers }) => spanIdOf(headers['traceparent']));
  expect(linksOf('send')).toEqual(written);
  const batch = exporter.getFinishedSpans().find(({ name }) => name === 'send')!;
  expect(linksOf('send order-events')).toEqual([written[0], batch.spanContext().spanId]);
  // The broker did not confirm the second one.
  const [first, second] = exporter.getFinishedSpans().filter(({ name }) => name === 'send order-events');
  expect([first!.status.code, second!.status.code]).toEqual([0, 2]);
});

test('a dead letter’s copy goes out with the headers that it came with, byte by byte', async () => {
  const copy = { ...(await row('1')), headers: { traceparent: { base64: 'AAAA' } } };
  let sent: readonly RelayRow[] = [];
  await observedPublish('kafka', async (rows) => {
    sent = rows;
    return { confirmed: ['1'] };
  })([copy]);
  expect(sent).toEqual([copy]);
});

test('facts that are applied together share a span that links to each of them', async () => {
  const headers = [(await row('1')).headers, (await row('2')).headers] as Record<string, string>[];
  const chunk = headers.map((of) => ({
    source: 'kafka' as const,
    topic: 'order-events',
    key: null,
    // As Kafka hands them over.
    headers: Object.fromEntries(Object.entries(of).map(([name, value]) => [name, Buffer.from(value)])),
    value: null,
  }));
  await observedChunk('email', chunk, () => Promise.resolve());
  expect(linksOf('process order-events')).toEqual(headers.map(({ traceparent }) => spanIdOf(traceparent)));
});
