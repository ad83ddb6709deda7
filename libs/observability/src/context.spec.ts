import { beforeAll, describe, expect, test } from '@jest/globals';
import { context, trace } from '@opentelemetry/api';
import * as sdk from '@opentelemetry/sdk-trace';
import { randomBytes } from 'node:crypto';
import { contextOf, inContextOf, startContext } from './context.ts';
import { inSpan, samplerFrom, SpanKind, traceparentIn, traceWith } from './tracing.ts';

const [traceId, spanId] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
const good = `00-${traceId}-${spanId}-01`;

beforeAll(() => startContext());

describe('a traceparent', () => {
  test('that is one is continued', () => {
    expect(traceparentIn(contextOf({ traceparent: good }))).toBe(good);
  });

  test.each<[string, unknown]>([
    ['of 400 kB', `${good}-${'a'.repeat(400_000)}`],
    ['of 400 kB without a dash', 'f'.repeat(400_000)],
    ['of nothing but zeros', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`],
    ['of a version that must not be', `ff-${traceId}-${spanId}-01`],
    ['in upper case', good.toUpperCase().replace('4BF9', '4BFG')],
    ['with a line break in it', `00-${traceId}-${spanId}\r\n-01`],
    ['that is a list', [good, good]],
    ['that is bytes', Buffer.from(good)],
  ])('%s is dropped, and not passed on', (_, traceparent) => {
    expect(traceparentIn(contextOf({ traceparent }))).toBeUndefined();
  });

  test('has no flags passed on but the one that is known', () => {
    expect(traceparentIn(contextOf({ traceparent: `00-${traceId}-${spanId}-ff` }))).toBe(good);
  });
});

test('without tracing a trace that came in goes on as it came', async () => {
  await inContextOf({ traceparent: good }, () =>
    inSpan('work', { kind: SpanKind.INTERNAL }, async () => {
      await Promise.resolve();
      expect(traceparentIn(context.active())).toBe(good);
    }),
  );
});

describe('with tracing', () => {
  const spans = new sdk.InMemorySpanExporter();
  beforeAll(() =>
    traceWith(new sdk.TracerProvider({ spanProcessors: [new sdk.SimpleSpanProcessor({ exporter: spans })] })),
  );

  test('an error leaves its class on the span, and not a word of its text', async () => {
    const failing = inSpan('work', { kind: SpanKind.INTERNAL }, () =>
      Promise.reject(new RangeError('ada@example.com')),
    );
    await expect(failing).rejects.toThrow('ada@example.com');
    const [span] = spans.getFinishedSpans();
    expect(span).toMatchObject({ status: { code: 2 }, attributes: { 'error.type': 'RangeError' }, events: [] });
    expect(JSON.stringify([span!.status, span!.attributes, span!.events])).not.toContain('ada@');
  });
});

describe('a sampler', () => {
  const share = (env: NodeJS.ProcessEnv, flags: number) => {
    const sampler = samplerFrom(sdk, env);
    const parent = trace.setSpanContext(contextOf({}), { traceId, spanId, traceFlags: flags, isRemote: true });
    const ids = Array.from({ length: 1_000 }, () => randomBytes(16).toString('hex'));
    const kept = ids.filter((id) => sampler.shouldSample(parent, id, 'x', 0, {}, []).decision === 2);
    return kept.length / ids.length;
  };

  test('keeps all by default, and what its parent decided', () => {
    expect([share({}, 1), share({}, 0)]).toEqual([1, 0]);
  });
  test('keeps a tenth when it is told so', () => {
    const tenth = share({ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' }, 1);
    expect(tenth).toBeGreaterThan(0.05);
    expect(tenth).toBeLessThan(0.15);
  });
  test('that nobody knows is an error, not silence', () => {
    expect(() => samplerFrom(sdk, { OTEL_TRACES_SAMPLER: 'sometimes' })).toThrow('sometimes');
    expect(() => samplerFrom(sdk, { OTEL_TRACES_SAMPLER_ARG: 'half' })).toThrow('NaN');
  });
});
