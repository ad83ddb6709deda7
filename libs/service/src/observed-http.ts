import { attributes, metrics, secondsSince, took } from '@cartwheel/observability';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

type Fastify = ReturnType<ReturnType<NestFastifyApplication['getHttpAdapter']>['getInstance']>;

/** How long each request takes, by route: never by address, which may hold anything. */
export function observeHttp(fastify: Fastify): void {
  const begun = new WeakMap<object, number>();
  fastify.addHook('onRequest', (request, _reply, done) => {
    begun.set(request, performance.now());
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url;
    const { statusCode } = reply;
    took(metrics.httpDuration, secondsSince(begun.get(request)!), {
      [attributes.method]: request.method,
      ...(route === undefined ? {} : { [attributes.route]: route }),
      [attributes.status]: statusCode,
      ...(statusCode >= 500 ? { [attributes.error]: String(statusCode) } : {}),
    });
    done();
  });
}
