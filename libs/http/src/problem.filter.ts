import { type ArgumentsHost, Catch, HttpException, Logger, ServiceUnavailableException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { DatabaseUnavailable } from '@cartwheel/postgres';
import { describeError, DomainError } from '@cartwheel/primitives';
import type { FastifyReply } from 'fastify';
import { throwError } from 'rxjs';

/** RFC 9457 problem details. `code` is stable and listed in docs/reference/errors.md. */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly { path: string; message: string }[];
};

const BY_STATUS: Record<number, { code: string; detail: string }> = {
  400: { code: 'malformed-request', detail: 'The request could not be read. Is the body valid JSON?' },
  404: { code: 'not-found', detail: 'There is nothing at this address.' },
  408: { code: 'request-too-slow', detail: 'The request was not complete in time.' },
  413: { code: 'body-too-large', detail: 'The body is larger than 64 kB.' },
  414: { code: 'uri-too-long', detail: 'A part of the address is too long.' },
  415: { code: 'unsupported-media-type', detail: 'Send the body as application/json.' },
  431: { code: 'headers-too-large', detail: 'The headers are larger than 16 kB.' },
};

/**
 * Turns everything that was thrown into an answer. For HTTP a problem document; for a message the original error, handed
 * on to the strategy: Nest would put `Internal server error` in its place, and a filter that returns nothing would
 * make a failure look like a success.
 */
@Catch()
export class ProblemFilter extends BaseExceptionFilter {
  readonly #logger = new Logger('http');

  override catch(error: unknown, host: ArgumentsHost): unknown {
    if (host.getType() === 'rpc') return throwError(() => error);
    const problem = this.#problem(error);
    if (problem.status >= 500) this.#logger.error({ msg: 'request failed', ...describeError(error) });
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (problem.status === 503) void reply.header('retry-after', '5');
    return reply
      .status(problem.status)
      .header('content-type', 'application/problem+json')
      .send(JSON.stringify(problem));
  }

  #problem(error: unknown): Problem {
    if (error instanceof DomainError) {
      return problem(error.status, error.code, error.message, error.errors);
    }
    if (error instanceof DatabaseUnavailable) {
      return problem(
        503,
        'temporarily-unavailable',
        'The service cannot reach its database. Try again; under the same Idempotency-Key that is safe.',
      );
    }
    if (error instanceof ServiceUnavailableException) {
      const failed = Object.keys((error.getResponse() as { error?: object }).error ?? {});
      return problem(503, 'not-healthy', `Not in order: ${failed.join(', ') || 'unknown'}.`);
    }
    if ((error as { code?: unknown }).code === 'FST_ERR_HANDLER_TIMEOUT') {
      return problem(
        503,
        'answer-too-slow',
        'The answer took too long, and may be on its way. Try again; under the same Idempotency-Key that is safe.',
      );
    }
    const status =
      error instanceof HttpException ? error.getStatus() : ((error as { statusCode?: number }).statusCode ?? 500);
    const known = BY_STATUS[status] ?? (status < 500 ? BY_STATUS[400] : undefined);
    if (known) return problem(status, known.code, known.detail);
    return problem(500, 'internal-error', 'Something went wrong here. It is in the log.');
  }
}

/** Fastify's answer to an address that it cannot even route: the same kind of problem as everywhere. */
export function frameworkError(error: { statusCode?: number }, _request: unknown, reply: FastifyReply): void {
  const body = problemOf(error.statusCode ?? 400);
  void reply.status(body.status).header('content-type', 'application/problem+json').send(JSON.stringify(body));
}

/** What is said of a 4xx that neither a controller nor a pipe has thrown. */
export function problemOf(status: number): Problem {
  const { code, detail } = BY_STATUS[status] ?? BY_STATUS[400]!;
  return problem(status, code, detail);
}

function problem(status: number, code: string, detail: string, errors?: Problem['errors']): Problem {
  const title = code.replaceAll('-', ' ');
  return { type: `urn:cartwheel:problem:${code}`, title, status, code, detail, ...(errors ? { errors } : {}) };
}
