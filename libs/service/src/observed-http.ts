import { attributes, beginSpan, contextOf, metrics, noteError, secondsSince, took } from '@cartwheel/observability';
import { newId } from '@cartwheel/primitives';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Context, context, SpanKind } from '@opentelemetry/api';

type Fastify = ReturnType<ReturnType<NestFastifyApplication['getHttpAdapter']>['getInstance']>;

/** The error of a request whose client did not wait for the answer. */
const GONE = 'client_gone';
/** Asked all day long, by machines. */
const UNTRACED = /^\/(health\/|metrics$)/;

/**
 * A span for each request, its duration by route, and a correlation id for all that comes of it. By route, never by address:
 * that may hold anything. A request that says which trace it is part of continues it.
 */
export function observeHttp(fastify: Fastify): void {
  const contexts = new WeakMap<object, Context>();
  fastify.addHook('onRequest', (request, { raw }, done) => {
    const { method, headers } = request;
    const { url: route } = request.routeOptions;
    const begun = performance.now();
    const parent = contextOf({ traceparent: headers.traceparent, correlationId: newId() });
    const of = { [attributes.method]: method, ...(route === undefined ? {} : { [attributes.route]: route }) };
    const name = route === undefined ? method : `${method} ${route}`;
    const { span, context: own } = UNTRACED.test(route ?? '')
      ? { context: parent }
      : beginSpan(name, { kind: SpanKind.SERVER, attributes: of, parent });
    contexts.set(request, own);
    // Not `onResponse`: that never comes when the client went away before its answer.
    raw.once('close', () => {
      const { statusCode, headersSent } = raw;
      const status = headersSent ? { [attributes.status]: statusCode } : {};
      const error = headersSent ? (statusCode >= 500 ? String(statusCode) : undefined) : GONE;
      took(metrics.httpDuration, secondsSince(begun), {
        ...of,
        ...status,
        ...(error === undefined ? {} : { [attributes.error]: error }),
      });
      span?.setAttributes(status);
      if (error !== undefined) noteError(span, error);
      span?.end();
    });
    context.with(own, done);
  });
  // The body was read meanwhile, and what reads it does not know whose it is.
  fastify.addHook('preValidation', (request, _reply, done) => {
    context.with(contexts.get(request)!, done);
  });
}
