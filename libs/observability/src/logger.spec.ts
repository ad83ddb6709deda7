import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import { trace } from '@opentelemetry/api';
import { inContextOf, startContext } from './context.ts';
import { createLogger } from './logger.ts';

const written: string[] = [];
beforeAll(() => startContext());
beforeEach(() => void written.splice(0));

const logger = createLogger('test', 'info', { write: (line) => void written.push(line) });
const lines = () => written.map((line) => JSON.parse(line) as Record<string, unknown>);

test('a field that may hold something personal is not written, also a level or two down', () => {
  const customer = { name: 'Ada Moreau', email: 'ada@example.com' };
  logger.info({ customer, order: { customer }, request: { body: customer, headers: { authorization: 'x' } } }, 'seen');
  logger.info({ mail: { to: customer, recipient: 'ada@example.com' }, payload: 'Ada', parameters: ['Ada'] }, 'seen');
  expect(written.join('')).not.toMatch(/Ada|Moreau|ada@|"x"/);
  expect(lines()).toHaveLength(2);
});

test('an error in a line says its class and what it does not quote, and not what it carries', () => {
  const error = Object.assign(new Error('invalid input syntax for type integer: "Ada Moreau"'), {
    code: '22P02',
    detail: 'Key (email)=(ada@example.com)',
    parameters: ['Ada Moreau'],
  });
  logger.error({ err: error }, 'failed');
  logger.error(error, 'failed');
  logger.error(error);
  logger.error({ err: error });
  expect(written.join('')).not.toMatch(/Ada M|ada@/);
  expect(lines()[0]).toMatchObject({ err: { message: 'invalid input syntax for type integer: "…" (22P02)' } });
});

test('a line inside a message or request says which trace and checkout it is about, and one outside says none', () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const origin = { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, correlationId: 'c1' };
  inContextOf(origin, () => logger.info('within'));
  logger.info('outside');
  expect(lines()).toMatchObject([{ msg: 'within', traceId, correlationId: 'c1' }, { msg: 'outside' }]);
  expect(Object.keys(lines()[1]!)).not.toContain('traceId');
});

test('a line inside a span of a shop that does not trace names no trace: an id of zeros is none', () => {
  // What `trace.getTracer` gives when nobody has set up tracing: spans whose ids are zeros.
  trace.getTracer('test').startActiveSpan('work', () => logger.info('within'));
  inContextOf({ correlationId: 'c1' }, () =>
    trace.getTracer('test').startActiveSpan('work', () => logger.info('within')),
  );
  expect(lines().map((line) => [line['traceId'], line['correlationId']])).toEqual([
    [undefined, undefined],
    [undefined, 'c1'],
  ]);
});
