import { describe, expect, test } from '@jest/globals';
import { newId } from '@cartwheel/primitives';
import {
  type Delivery,
  fact,
  headersOf,
  maskEmail,
  maskPersonal,
  originOf,
  readEnvelope,
  topology,
  UnreadableMessage,
} from './index.ts';

const orderId = newId();
const cause = { correlationId: newId(), causationId: `http:${newId()}` };

function delivered(change: { headers?: Record<string, string | undefined>; value?: Buffer | null } = {}): Delivery {
  const message = fact('OrderCancelled', orderId, { orderId, reason: 'timed-out' });
  return {
    source: 'kafka',
    topic: 'order-events',
    partition: 0,
    offset: '7',
    key: Buffer.from(orderId),
    headers: { ...headersOf(message, 'order', cause, 3), ...change.headers },
    value: change.value === undefined ? Buffer.from(JSON.stringify(message.data)) : change.value,
  };
}

function reasonOf(delivery: Delivery): string {
  try {
    readEnvelope(delivery);
    return 'readable';
  } catch (error) {
    if (!(error instanceof UnreadableMessage)) throw error;
    return error.reason;
  }
}

describe('an envelope', () => {
  test('reads back as it was written', () => {
    expect(readEnvelope(delivered())).toMatchObject({
      type: 'OrderCancelled',
      source: 'order',
      subject: orderId,
      version: 1,
      sequence: 3,
      ...cause,
      data: { orderId, reason: 'timed-out' },
    });
  });
  test('reads the same from bytes, as Kafka hands headers over', () => {
    const plain = delivered();
    const bytes = Object.fromEntries(
      Object.entries(plain.headers).map(([name, value]) => [name, Buffer.from(String(value))]),
    );
    expect(readEnvelope({ ...plain, headers: bytes })).toEqual(readEnvelope(plain));
  });
  test.each([
    ['a value that is no JSON', { value: Buffer.from('{"orderId":') }, 'undecodable'],
    ['a value that is no UTF-8', { value: Buffer.from([0x7b, 0xff, 0x7d]) }, 'undecodable'],
    ['no value', { value: null }, 'undecodable'],
    ['no id', { headers: { ce_id: undefined } }, 'undecodable'],
    ['an id that is no UUID', { headers: { ce_id: '1; DROP TABLE' } }, 'undecodable'],
    ['no type', { headers: { ce_type: undefined } }, 'undecodable'],
    ['a version of the future', { headers: { ce_dataversion: '2' } }, 'unknown-version'],
    ['data against its contract', { value: Buffer.from('{"orderId":"x","reason":"because"}') }, 'contract-violation'],
    ['JSON that is no object', { value: Buffer.from('null') }, 'contract-violation'],
  ])('with %s is unreadable, and says which way', (_, change, reason) => {
    expect(reasonOf(delivered(change))).toBe(reason);
  });
  test.each([
    ['of 400 kB', 'f'.repeat(400_000)],
    ['with a NUL', `00-${'a'.repeat(32)}-${'b'.repeat(16)}\0`],
    ['of zeros', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`],
  ])('is read without a traceparent %s, which is nobody’s reason to refuse a message', (_, traceparent) => {
    const delivery = delivered({ headers: { traceparent } });
    expect(readEnvelope(delivery)).toMatchObject({ subject: orderId, traceparent: undefined });
    expect(originOf(delivery)).toEqual({ correlationId: cause.correlationId, traceparent: undefined });
  });

  test('tells its checkout and its trace even when nothing else of it can be read', () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const delivery = delivered({ headers: { ce_id: 'none', traceparent }, value: null });
    expect(originOf(delivery)).toEqual({ correlationId: cause.correlationId, traceparent });
    expect(originOf(delivered({ headers: { ce_correlationid: 'ada@example.com' } })).correlationId).toBeUndefined();
  });

  test('that cannot be read never quotes its content: it may be personal', () => {
    const spoiled = delivered({ value: Buffer.from('{"name":"Ada Moreau" broken') });
    expect(() => readEnvelope(spoiled)).toThrow(/^the value is not JSON in UTF-8$/);
    const wrong = delivered({ value: Buffer.from(JSON.stringify({ orderId: 'ada@example.com', reason: 'x' })) });
    expect(() => readEnvelope(wrong)).toThrow(/at: orderId, reason$/);
  });
});

describe('the topology', () => {
  test('carries its namespace in every name, so that two systems on one broker never meet', () => {
    const names = (space: string) => {
      const t = topology(space);
      return [
        ...t.topics.map(({ name }) => name),
        t.exchange,
        ...t.queues.map(({ name }) => name),
        ...t.consumers.map((group) => t.groupId(group)),
      ];
    };
    const [one, two] = [names('one'), names('two')];
    expect(one.filter((name) => two.includes(name))).toEqual([]);
    expect(new Set(one).size).toBe(one.length);
  });
  test('gives each consumer a dead-letter topic for each topic it reads', () => {
    const t = topology();
    const topics = t.topics.map(({ name }) => name);
    for (const consumer of t.consumers) {
      for (const topic of t.topicsOf(consumer)) expect(topics).toContain(t.deadLetterTopic(topic, consumer));
    }
  });
  test('loses no task between two queues: every hop is at-least-once', () => {
    for (const queue of topology().queues.filter(({ name }) => !name.endsWith('.dead'))) {
      expect(queue.arguments).toMatchObject({
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish',
      });
    }
  });
});

test('personal fields are masked in what people are shown', () => {
  expect(maskEmail('ada@example.com')).toBe('a***@example.com');
  expect(maskPersonal({ orderId, customer: { name: 'Ada', email: 'ada@example.com' } })).toEqual({
    orderId,
    customer: { name: '***', email: '***' },
  });
});
