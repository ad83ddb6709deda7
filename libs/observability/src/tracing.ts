import {
  type Attributes,
  type Context,
  context,
  diag,
  DiagLogLevel,
  type Link,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type TracerProvider,
} from '@opentelemetry/api';
import { withDeadline } from '@cartwheel/primitives';
import { ExportResultCode } from '@opentelemetry/core';
import type { Sampler, SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from './logger.ts';
import { classOf, timed } from './metrics.ts';
import { attributes as names, type Metric } from './names.ts';

export { SpanKind };

export type TracesExporter = 'otlp' | 'zipkin' | 'none';

const tracer = trace.getTracer('cartwheel');
/** Below the shutdown's deadline: a collector that is away or silent must not hold it up. */
const PATIENCE_MS = 5_000;
/** One under way, and the four that the SDK's queue of 2048 spans fills: at the end all are sent at once. */
const BATCHES = 5;
let isOn = false;

/** Whether spans go anywhere. Without it they cost nothing, and a `traceparent` that comes in is passed on as it is. */
export function isTracing(): boolean {
  return isOn;
}

/**
 * Sends spans to a collector (`otlp`) or to Zipkin from now on. Where to, and how many, is read from the variables that
 * every OpenTelemetry SDK reads: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_ZIPKIN_ENDPOINT, OTEL_TRACES_SAMPLER and its
 * _ARG. Returns what sends the last ones. The SDK is loaded only here: without tracing it takes no memory.
 */
export async function startTracing(
  service: string,
  exporter: TracesExporter,
  logger: Logger,
): Promise<() => Promise<void>> {
  if (exporter === 'none') return () => Promise.resolve();
  const [sdk, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/resources'),
  ]);
  const warn = (detail: string) => logger.warn({ detail }, 'telemetry');
  const ignore = () => undefined;
  diag.setLogger({ error: warn, warn, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);
  const batches = new sdk.BatchSpanProcessor({
    exporter: await exporterFor(exporter),
    scheduledDelayMillis: 1_000,
    exportTimeoutMillis: PATIENCE_MS,
  });
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    sampler: samplerFrom(sdk, process.env),
    spanProcessors: [batches],
  });
  traceWith(provider);
  return () => withDeadline('sending the last spans', PATIENCE_MS, provider.shutdown());
}

/** From now on spans are this provider's. */
export function traceWith(provider: TracerProvider): void {
  trace.setGlobalTracerProvider(provider);
  isOn = true;
}

async function exporterFor(exporter: 'otlp' | 'zipkin') {
  if (exporter === 'zipkin')
    return atMost(BATCHES, new (await import('@opentelemetry/exporter-zipkin')).ZipkinExporter());
  return new (await import('@opentelemetry/exporter-trace-otlp-http')).OTLPTraceExporter();
}

/**
 * Gives up what would be one batch too many at once. Zipkin's exporter waits for an answer for ever: a server that takes
 * spans and says nothing would be sent one batch after the other, and each keeps its spans and a connection.
 */
export function atMost(batches: number, exporter: SpanExporter): SpanExporter {
  let underWay = 0;
  return {
    export(spans, done) {
      if (underWay >= batches)
        return done({ code: ExportResultCode.FAILED, error: new Error('nobody takes the spans') });
      underWay += 1;
      exporter.export(spans, (result) => {
        underWay -= 1;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}

/** https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#general-sdk-configuration */
export function samplerFrom(sdk: typeof import('@opentelemetry/sdk-trace'), env: NodeJS.ProcessEnv): Sampler {
  // Empty is as if it were not set: the specification wants that.
  const name = env['OTEL_TRACES_SAMPLER'] || 'parentbased_always_on';
  const share = Number(env['OTEL_TRACES_SAMPLER_ARG'] || 1);
  const roots: Record<string, () => Sampler> = {
    always_on: () => new sdk.AlwaysOnSampler(),
    always_off: () => new sdk.AlwaysOffSampler(),
    traceidratio: () => new sdk.TraceIdRatioBasedSampler(share),
  };
  const root = roots[name.replace(/^parentbased_/, '')]?.();
  if (!root || !(share >= 0 && share <= 1)) throw new Error(`OTEL_TRACES_SAMPLER ${name} ${share} is not known here`);
  return name.startsWith('parentbased_') ? new sdk.ParentBasedSampler({ root }) : root;
}

export type SpanOptions = {
  readonly kind: SpanKind;
  readonly attributes?: Attributes;
  /** Left out: what is under way here. */
  readonly parent?: Context;
  readonly links?: readonly Link[];
};

/** Begins a span. Whoever begins it ends it, also with an error. */
export function beginSpan(name: string, { kind, attributes = {}, parent, links = [] }: SpanOptions) {
  const from = parent ?? context.active();
  const span = tracer.startSpan(name, { kind, attributes, links: [...links] }, from);
  return { span, context: trace.setSpan(from, span) };
}

/** Runs `work` within a span, which ends with it. */
export async function inSpan<T>(name: string, options: SpanOptions, work: () => Promise<T>): Promise<T> {
  const begun = beginSpan(name, options);
  try {
    return await context.with(begun.context, work);
  } catch (error) {
    noteError(begun.span, classOf(error));
    throw error;
  } finally {
    begun.span.end();
  }
}

/** A call to the outside: a span and a duration, with the class of its error when it failed. */
export function outside<T>(
  name: string,
  metric: Metric & { kind: 'histogram' },
  attributes: Attributes,
  call: () => Promise<T>,
): Promise<T> {
  return inSpan(name, { kind: SpanKind.CLIENT, attributes }, () => timed(metric, attributes, call));
}

/** Says that it failed, and how. Never with the error's text: that may quote what is personal. */
export function noteError(span: Span | undefined, errorClass: string): void {
  span?.setStatus({ code: SpanStatusCode.ERROR }).setAttribute(names.error, errorClass);
}

/** Of the span that is under way here, as a header; none when there is none. */
export function traceparentIn(from: Context): string | undefined {
  const carrier: { traceparent?: string } = {};
  propagation.inject(from, carrier);
  return carrier.traceparent;
}

/** A link to the span that a context is about; none when it is about none. */
export function linkTo(to: Context): Link[] {
  const spanContext = trace.getSpanContext(to);
  return spanContext ? [{ context: spanContext }] : [];
}
