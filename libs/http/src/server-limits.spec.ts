import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Body, Controller, Get, Post, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import 'reflect-metadata';
import { ProblemFilter } from './problem.filter.ts';
import { limitAnswers, serverOptions, Streams } from './server-limits.ts';

const limits = { headersMs: 300, requestMs: 600, answerMs: 900 };
let done = 0;

@Controller()
class Slow {
  @Get('slow')
  async slow() {
    await delay(limits.answerMs + 300);
    done += 1;
    return 'late';
  }

  @Post('echo')
  echo(@Body() body: object) {
    return body;
  }

  @Get('stream')
  @Streams()
  async stream(@Res() reply: FastifyReply) {
    reply.raw.writeHead(200).write('begun, ');
    await delay(limits.answerMs + 300);
    reply.raw.end('ended');
  }
}

let app: NestFastifyApplication;
let url: URL;
beforeAll(async () => {
  const module = { module: class {}, controllers: [Slow] };
  app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(serverOptions(limits)), {
    logger: false,
  });
  limitAnswers(app.getHttpAdapter().getInstance(), limits);
  app.useGlobalFilters(new ProblemFilter(app.getHttpAdapter()));
  await app.listen(0, '127.0.0.1');
  url = new URL(await app.getUrl());
});
afterAll(() => app?.close());

/** Sends these bytes and nothing more, and returns all that came back until the connection was closed. */
async function sent(text: string): Promise<{ status: number; body: unknown; closedAfterMs: number }> {
  const begun = performance.now();
  const socket = connect(Number(url.port), url.hostname);
  let answer = '';
  socket.on('data', (data) => (answer += data.toString()));
  socket.write(text);
  await once(socket, 'close');
  const [head, body] = answer.split('\r\n\r\n');
  expect(head).toContain('application/problem+json');
  const status = Number(/^HTTP\/1.1 (\d+)/.exec(head!)![1]);
  return { status, body: JSON.parse(body!) as unknown, closedAfterMs: performance.now() - begun };
}

const head = 'POST /echo HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n';
const tooSlow = { status: 408, body: { code: 'request-too-slow', status: 408 } };

test('a client that does not end its headers is told so, and its connection is closed', async () => {
  const { closedAfterMs, ...answer } = await sent(head);
  expect(answer).toMatchObject(tooSlow);
  expect(closedAfterMs).toBeGreaterThanOrEqual(limits.headersMs);
});

test('a client that does not send its body is told so, and its connection is closed', async () => {
  const { closedAfterMs, ...answer } = await sent(`${head}Content-Length: 100\r\n\r\n{"a":`);
  expect(answer).toMatchObject(tooSlow);
  expect(closedAfterMs).toBeGreaterThanOrEqual(limits.requestMs);
});

test.each([
  ['headers without a measure', `${head}X: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers-too-large'],
  ['no HTTP at all', 'hello\r\n\r\n', 400, 'malformed-request'],
])('a client that sends %s is told so, and its connection is closed', async (_, text, status, code) => {
  expect(await sent(text)).toMatchObject({ status, body: { status, code } });
});

test('a body that is said to be larger than 64 kB is refused before it comes', async () => {
  const body = JSON.stringify({ padding: 'x'.repeat(70_000) });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(new URL('echo', url), { method: 'POST', headers, body });
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([413, 'body-too-large']);
});

test('a request that nobody answers in time gets 503, and what it began goes on', async () => {
  const answer = await fetch(new URL('slow', url));
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(await answer.json()).toMatchObject({ status: 503, code: 'answer-too-slow' });
  await delay(600);
  expect(done).toBe(1);
  expect((await fetch(new URL('nowhere', url))).status).toBe(404);
});

test('a stream may last', async () => {
  expect(await (await fetch(new URL('stream', url))).text()).toBe('begun, ended');
});
