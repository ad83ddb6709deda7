import { RouteConfig } from '@nestjs/platform-fastify';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { frameworkError, problemOf } from './problem.filter.ts';

/**
 * Prevents: a client that sends slowly, endlessly or nothing, and a request that never gets its answer: each would hold a
 *   connection for as long as it likes.
 * How: Node closes a connection whose head or body is not there in time, Fastify refuses what is too large, and a request that
 *   nobody has answered in time is answered with 503.
 * Promises: 1. each of these is a problem document (docs/reference/errors.md). 2. A stream is not limited: it is answered at once.
 * Costs: work that took too long may be done all the same, after its 503. Under the same Idempotency-Key that is safe.
 * Not here: how long a statement may take (libs/postgres).
 * Proof: server-limits.spec.ts, bad-input.e2e.spec.ts
 */
export type Limits = {
  /** From the first byte to the end of the headers. */
  readonly headersMs: number;
  /** From the first byte to the end of the body. */
  readonly requestMs: number;
  /** From the headers to the answer. */
  readonly answerMs: number;
};

/** The answer waits longer than a connection and a lock may take together (libs/postgres). */
export const LIMITS: Limits = { headersMs: 10_000, requestMs: 15_000, answerMs: 20_000 };

const BODY_LIMIT_BYTES = 64 * 1024;

/** What Fastify is made with. */
export function serverOptions({ headersMs, requestMs }: Limits) {
  return {
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: requestMs,
    // Node looks only so often for connections that are too slow; 30 s if nobody says otherwise.
    http: { headersTimeout: headersMs, connectionsCheckingInterval: Math.min(1_000, headersMs) },
    forceCloseConnections: 'idle' as const,
    return503OnClosing: false,
    frameworkErrors: frameworkError,
    clientErrorHandler: connectionError,
  };
}

const STREAMS = { streams: true };

/** Marks a route that answers at once and then goes on for as long as it likes. */
export const Streams = () => RouteConfig(STREAMS);

/** Before the routes are registered. */
export function limitAnswers(fastify: FastifyInstance, { answerMs }: Limits): void {
  fastify.addHook('onRoute', (route) => {
    if (!(route.config as typeof STREAMS | undefined)?.streams) route.handlerTimeout = answerMs;
  });
}

/** What is not even a request: there is only the socket to answer on. */
function connectionError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const status = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }[error.code ?? ''] ?? 400;
  const body = JSON.stringify(problemOf(status));
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
