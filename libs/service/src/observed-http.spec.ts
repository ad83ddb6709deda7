import { startContext, startMetrics, traceWith } from '@cartwheel/observability';
import { eventually } from '@cartwheel/testing';
import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { type AddressInfo, connect } from 'node:net';
import { observeHttp } from './observed-http.ts';

const exporter = new InMemorySpanExporter();
beforeAll(() => {
  startContext();
  traceWith(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
});
beforeEach(() => exporter.reset());

async function serving() {
  const render = startMetrics('test');
  const server = new FastifyAdapter().getInstance();
  observeHttp(server);
  const begun = Promise.withResolvers<void>();
  server.get('/silent', () => {
    begun.resolve();
    return new Promise(() => undefined);
  });
  server.get('/broken', (_, reply) => reply.code(503).send());
  await server.listen({ port: 0, host: '127.0.0.1' });
  const { port } = server.server.address() as AddressInfo;
  const counted = async () => (await render()).split('\n').filter((line) => /request_duration_count/.test(line));
  return { counted, begun: begun.promise, port, close: () => server.close() };
}

test('a request whose client went away before its answer is counted as an error, without a status, and its span ends', async () => {
  const { counted, begun, port, close } = await serving();
  const client = connect(port, '127.0.0.1');
  client.write('GET /silent HTTP/1.1\r\nhost: shop\r\n\r\n');
  await begun;
  client.destroy();
  await eventually(async () =>
    expect(await counted()).toEqual([
      'http_server_request_duration_count{http_request_method="GET",http_route="/silent",error_type="client_gone",service_name="test"} 1',
    ]),
  );
  expect(exporter.getFinishedSpans()).toMatchObject([{ name: 'GET /silent', status: { code: 2 } }]);
  await close();
});

test('an answer is counted by route and status, and one of 500 or more is an error', async () => {
  const { counted, port, close } = await serving();
  for (const path of ['broken', 'nowhere']) await fetch(`http://127.0.0.1:${port}/${path}`);
  await eventually(async () =>
    expect((await counted()).toSorted()).toEqual([
      'http_server_request_duration_count{http_request_method="GET",http_response_status_code="404",service_name="test"} 1',
      'http_server_request_duration_count{http_request_method="GET",http_route="/broken",http_response_status_code="503",error_type="503",service_name="test"} 1',
    ]),
  );
  const spans = exporter.getFinishedSpans().map(({ name, status }) => [name, status.code]);
  expect(spans).toEqual([
    ['GET /broken', 2],
    ['GET', 0],
  ]);
  await close();
});
