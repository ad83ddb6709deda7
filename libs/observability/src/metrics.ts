import {
  type Attributes,
  metrics as api,
  type Counter,
  type Histogram,
  type Meter,
  type ObservableGauge,
} from '@opentelemetry/api';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality, InstrumentType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { type Metric, attributes as names } from './names.ts';

export type Reading = { readonly metric: Metric; readonly value: number; readonly attributes?: Attributes };

const meter = (): Meter => api.getMeter('cartwheel');
const made = new Map<string, Counter | Histogram | ObservableGauge>();

/** What a scrape finds. A gauge that was not read this time is not there: else its last value would stay for ever. */
class Page extends MetricReader {
  constructor() {
    super({
      aggregationTemporalitySelector: (type) =>
        type === InstrumentType.OBSERVABLE_GAUGE ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
    });
  }
  protected override onForceFlush = () => Promise.resolve();
  protected override onShutdown = () => Promise.resolve();
}

/**
 * Collects metrics from now on. Returns how to write them down for Prometheus: whoever serves HTTP serves that too, there
 * is no port of its own. Before this, and without it, whatever is counted is forgotten at no cost.
 */
export function startMetrics(service: string): () => Promise<string> {
  const reader = new Page();
  const resource = resourceFromAttributes({ 'service.name': service });
  // Who starts again begins with new figures: the global provider is set once otherwise.
  made.clear();
  api.disable();
  api.setGlobalMeterProvider(new MeterProvider({ resource, readers: [reader] }));
  // The service is a label of every series: who looks at several would else see them as one.
  const serializer = new PrometheusSerializer('', false, /^service\.name$/, true, true);
  const write = async () => serializer.serialize((await reader.collect()).resourceMetrics);
  // One after the other: of two at once each would get a part. All who come while one is written get the next: each for
  // itself would wait for all before it, a second each while a source is silent.
  let turn = Promise.resolve('');
  let next: Promise<string> | undefined;
  const begin = () => {
    next = undefined;
    return write();
  };
  return () => (next ??= turn = turn.then(begin, begin));
}

/** Counts `n` more. */
export function count(metric: Metric & { kind: 'counter' }, attributes: Attributes, n = 1): void {
  instrument(metric, () => meter().createCounter(metric.name, metric)).add(n, attributes);
}

/** Notes that something took so many seconds. */
export function took(metric: Metric & { kind: 'histogram' }, seconds: number, attributes: Attributes): void {
  const advice = { explicitBucketBoundaries: [...(metric.buckets ?? [])] };
  instrument(metric, () => meter().createHistogram(metric.name, { ...metric, advice })).record(seconds, attributes);
}

/** Runs `work` and notes how long it took, with the class of its error when it threw. */
export async function timed<T>(
  metric: Metric & { kind: 'histogram' },
  attributes: Attributes,
  work: () => Promise<T>,
): Promise<T> {
  const begun = performance.now();
  try {
    const result = await work();
    took(metric, secondsSince(begun), attributes);
    return result;
  } catch (error) {
    took(metric, secondsSince(begun), { ...attributes, [names.error]: classOf(error) });
    throw error;
  }
}

/** What may be shown of anything that was thrown. Never its text: that may quote what is personal. */
export function classOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

/** Asks `read` at every scrape. What it does not return is missing there. */
export function observe(gauges: readonly Metric[], read: () => readonly Reading[] | Promise<readonly Reading[]>): void {
  const gaugeOf = (gauge: Metric) => instrument(gauge, () => meter().createObservableGauge(gauge.name, gauge));
  meter().addBatchObservableCallback(async (result) => {
    for (const { metric, value, attributes } of await read()) result.observe(gaugeOf(metric), value, attributes);
  }, gauges.map(gaugeOf));
}

/** Seconds since `begun`, a `performance.now()`. */
export function secondsSince(begun: number): number {
  return (performance.now() - begun) / 1_000;
}

/** Made when it is first needed: before `startMetrics` it would be one that forgets. */
function instrument<I extends Counter | Histogram | ObservableGauge>({ name }: Metric, make: () => I): I {
  const known = made.get(name) ?? make();
  made.set(name, known);
  return known as I;
}
