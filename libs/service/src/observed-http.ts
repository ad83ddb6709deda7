import { attributes, beginSpan, contextOf, metrics, noteError, secondsSince, took } from '@cartwheel/observability';
import { newId } from '@cartwheel/primitives';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Context, context, type Span, SpanKind } from '@opentelemetry/api';

type Fastify = ReturnType<ReturnType<NestFastifyApplication['getHttpAdapter']>['getInstance']>;
type Observed = { readonly begun: number; readonly context: Context; readonly span?: Span };

/** Asked all day long, by machines. */
const UNTRACED = /^\/(health\/|metrics$)/;

/**
 * A span for each request, its duration by route, and a correlation id for all that comes of it. By route, never by address:
 * that may hold anything. A request that says which trace it is part of continues it.
 */
export function observeHttp(fastify: Fastify): void {
  const all = new WeakMap<object, Observed>();
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { method, headers } = request;
    const { url: route } = request.routeOptions;
    const parent = contextOf({ traceparent: headers.traceparent, correlationId: newId() });
    const of = { [attributes.method]: method, ...(route === undefined ? {} : { [attributes.route]: route }) };
    const name = route === undefined ? method : `${method} ${route}`;
    const observed = UNTRACED.test(route ?? '')
      ? { context: parent }
      : beginSpan(name, { kind: SpanKind.SERVER, attributes: of, parent });
    all.set(request, { begun: performance.now(), ...observed });
    context.with(observed.context, done);
  });
  // The body was read meanwhile, and what reads it does not know whose it is.
  fastify.addHook('preValidation', (request, _reply, done) => {
    context.with(all.get(request)!.context, done);
  });
  fastify.addHook('onResponse', (request, { statusCode }, done) => {
    const { begun, span } = all.get(request)!;
    const { url: route } = request.routeOptions;
    took(metrics.httpDuration, secondsSince(begun), {
      [attributes.method]: request.method,
      ...(route === undefined ? {} : { [attributes.route]: route }),
      [attributes.status]: statusCode,
      ...(statusCode >= 500 ? { [attributes.error]: String(statusCode) } : {}),
    });
    span?.setAttribute(attributes.status, statusCode);
    if (statusCode >= 500) noteError(span, String(statusCode));
    span?.end();
    done();
  });
}
