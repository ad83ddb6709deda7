export { activeCorrelationId, contextOf, inContextOf, type Origin, startContext } from './context.ts';
export { createLogger, type Logger } from './logger.ts';
export { classOf, count, observe, type Reading, secondsSince, startMetrics, timed, took } from './metrics.ts';
export { attributes, labelOf, type Metric, metrics, seriesOf } from './names.ts';
export {
  beginSpan,
  inSpan,
  isTracing,
  linkTo,
  noteError,
  outside,
  samplerFrom,
  startTracing,
  SpanKind,
  traceparentIn,
  type TracesExporter,
  traceWith,
} from './tracing.ts';
