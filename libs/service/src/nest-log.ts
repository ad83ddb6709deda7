import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@cartwheel/observability';
import { describeError, unquoted } from '@cartwheel/primitives';

/** Nest's own messages as lines of our log; its chatter about routes and modules only at `debug`. */
export class NestLog implements LoggerService {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  log(message: unknown, context?: string) {
    this.#write('debug', message, context);
  }
  warn(message: unknown, context?: string) {
    this.#write('warn', message, context);
  }
  error(message: unknown, ...rest: unknown[]) {
    this.#write('error', message, String(rest.at(-1) ?? ''));
  }

  #write(level: 'debug' | 'warn' | 'error', message: unknown, context = '') {
    if (message instanceof Error) this.#logger[level]({ context, ...describeError(message) }, 'nest');
    else if (typeof message === 'object' && message !== null) this.#logger[level]({ context, ...message }, 'nest');
    else this.#logger[level]({ context }, unquoted(String(message)));
  }
}
