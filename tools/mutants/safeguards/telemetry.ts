import type { Mutant } from '../mutant.ts';

const metrics = { file: 'libs/observability/src/metrics.ts', spec: 'libs/observability/src/metrics.spec.ts' };
const messages = { file: 'libs/service/src/observed-messages.ts', spec: 'libs/service/src/observed-messages.spec.ts' };

export const telemetry: readonly Mutant[] = [
  {
    name: 'gauge-that-stays',
    promise: 'An alarm ends when its cause does: a gauge that nobody reads any more is gone.',
    ...metrics,
    from: 'type === InstrumentType.OBSERVABLE_GAUGE ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE',
    to: 'type && AggregationTemporality.CUMULATIVE',
    test: ['what is not there any more is not shown any more'],
  },
  {
    name: 'two-scrapes-at-once',
    promise: 'Two who scrape at once get all metrics each.',
    ...metrics,
    from: 'return () => (next ??= turn = turn.then(begin, begin));',
    to: 'return write;',
    test: ['two who ask at once get the whole page each'],
  },
  {
    name: 'trace-ends-at-the-outbox',
    promise: 'The trace of a message goes on behind its broker, below the span that sent it.',
    ...messages,
    from: '{ ...headers, traceparent: traceparentIn(own)! }',
    to: 'headers',
    test: ['a message that is sent alone goes out with the span that sends it, a child of the one that wrote it'],
  },
  {
    name: 'batch-without-links',
    promise: 'From a batch one finds each of its messages, and back.',
    ...messages,
    from: 'parent: ROOT_CONTEXT, links, attributes: all',
    to: 'parent: ROOT_CONTEXT, attributes: all',
    test: ['messages that are sent together share a span that links to each of them, and each links to it'],
  },
  {
    name: 'strange-flags-passed-on',
    promise: 'Nothing of a stranger’s traceparent is passed on but what is known.',
    file: 'libs/observability/src/context.ts',
    spec: 'libs/observability/src/context.spec.ts',
    from: 'traceFlags: traceFlags & TraceFlags.SAMPLED',
    to: 'traceFlags',
    test: ['a traceparent', 'has no flags passed on but the one that is known'],
  },
  {
    name: 'refuse-a-message-for-its-traceparent',
    promise: 'A message is not refused for a traceparent that is none.',
    file: 'libs/contracts/src/envelope.ts',
    spec: 'libs/contracts/src/contracts.spec.ts',
    from: 'z.string().regex(TRACEPARENT).optional().catch(undefined)',
    to: 'z.string().regex(TRACEPARENT).optional()',
    test: ['an envelope', 'is read without a traceparent %s, which is nobody’s reason to refuse a message'],
  },
  {
    name: 'errors-that-quote',
    promise: 'An error that is described quotes nobody.',
    file: 'libs/primitives/src/errors.ts',
    spec: 'libs/primitives/src/primitives.spec.ts',
    from: `
    .replace(/"[^]*"/, '"…"')`,
    to: '',
    test: ['an error that is written down', 'quotes nobody: %s'],
  },
  {
    name: 'nothing-redacted',
    promise: 'A field that may be personal is not written to the log, whoever put it there.',
    file: 'libs/observability/src/logger.ts',
    spec: 'libs/observability/src/logger.spec.ts',
    from: `redact: { paths: REDACTED, censor: '[redacted]' },`,
    to: '',
    test: ['a field that may hold something personal is not written, also a level or two down'],
  },
];
