import { describeError } from '@cartwheel/primitives';
import { type DestinationStream, type LoggerOptions, pino, type Logger as PinoLogger } from 'pino';
import { activeOrigin } from './context.ts';

export type Logger = PinoLogger;

/** Fields that may hold something personal or secret, wherever a log line's author put them. */
const REDACTED = [
  'customer',
  'email',
  'name',
  'recipient',
  'to',
  'payload',
  'body',
  'data',
  'where',
  'parameters',
  'paymentMethod',
  'authorization',
  'password',
  'token',
].flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);

/** JSON lines on stdout: the message is constant, what varies stands in fields. Each says which trace it belongs to. */
export function createLogger(service: string, level: string, destination?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: activeOrigin,
    // Who writes an error itself into a line gets what may be shown of it.
    serializers: { err: describeError, error: describeError },
    redact: { paths: REDACTED, censor: '[redacted]' },
    // Of an error without a message of the line pino takes the error's own, quotes and all.
    hooks: {
      logMethod(line, method) {
        const first: unknown = line[0];
        const { err } = (first ?? {}) as { err?: unknown };
        if (line.length === 1 && (first instanceof Error || err instanceof Error)) line.push('error');
        method.apply(this, line);
      },
    },
    formatters: { level: (label) => ({ level: label }) },
  };
  return destination ? pino(options, destination) : pino(options);
}
