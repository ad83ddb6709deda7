import { pino, type Logger as PinoLogger } from 'pino';
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
export function createLogger(service: string, level: string): Logger {
  return pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: activeOrigin,
    redact: { paths: REDACTED, censor: '[redacted]' },
    formatters: { level: (label) => ({ level: label }) },
  });
}
