import { pino, type Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

/** Fields that may hold something personal or secret, wherever a log line's author put them. */
const REDACTED = ['customer', 'email', 'name', 'recipient', 'payload', 'authorization', 'password'].flatMap((field) => [
  field,
  `*.${field}`,
]);

/** JSON lines on stdout: the message is constant, what varies stands in fields. */
export function createLogger(service: string, level: string): Logger {
  return pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: REDACTED, censor: '[redacted]' },
    formatters: { level: (label) => ({ level: label }) },
  });
}
