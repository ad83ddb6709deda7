export { createLogger, type Logger } from './logger.ts';
export { count, observe, type Reading, secondsSince, startMetrics, timed, took } from './metrics.ts';
export { attributes, labelOf, type Metric, metrics, seriesOf } from './names.ts';
