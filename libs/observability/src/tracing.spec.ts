import { expect, test } from '@jest/globals';
import { ExportResultCode } from '@opentelemetry/core';
import * as sdk from '@opentelemetry/sdk-trace';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from './logger.ts';
import { atMost, beginSpan, samplerFrom, SpanKind, startTracing } from './tracing.ts';

test('an empty variable is as if it were not set', () => {
  expect(samplerFrom(sdk, { OTEL_TRACES_SAMPLER: '' }).toString()).toContain('AlwaysOnSampler');
  const env = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '' };
  expect(samplerFrom(sdk, env).toString()).toContain('{1}');
});

test('of batches that nobody answers so many are kept and the others given up; an answer makes room', () => {
  const kept: (() => void)[] = [];
  const silent: sdk.SpanExporter = {
    export: (_, done) => kept.push(() => done({ code: ExportResultCode.SUCCESS })),
    shutdown: () => Promise.resolve(),
  };
  const codes: number[] = [];
  const exporter = atMost(2, silent);
  const send = () => exporter.export([], ({ code }) => codes.push(code));
  for (let n = 0; n < 5; n += 1) send();
  expect([kept.length, codes]).toEqual([
    2,
    [ExportResultCode.FAILED, ExportResultCode.FAILED, ExportResultCode.FAILED],
  ]);
  kept[0]!();
  send();
  expect(kept).toHaveLength(3);
});

test('a Zipkin that takes spans and never answers does not hold up the shutdown', async () => {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  process.env['OTEL_EXPORTER_ZIPKIN_ENDPOINT'] = `http://127.0.0.1:${port}/api/v2/spans`;
  const end = await startTracing('test', 'zipkin', createLogger('test', 'silent'));
  beginSpan('work', { kind: SpanKind.INTERNAL }).span.end();
  await once(server, 'request');
  await expect(end()).rejects.toThrow('sending the last spans took longer than 5000 ms');
  server.closeAllConnections();
  server.close();
});
