import { type Delivery, topology } from '@cartwheel/contracts';
import { engines, eventually, kafkaApi, kafkaWire, testNamespace } from '@cartwheel/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Consumer, Kafka, logLevel } from 'kafkajs';
import { throwError } from 'rxjs';
import { createKafka } from './client.ts';
import { KafkaStrategy, type KafkaStrategyOptions } from './kafka.strategy.ts';
import { createTopics } from './topics.ts';

type Options = KafkaStrategyOptions<undefined>;

const { brokers } = engines().kafka;
const kafka = createKafka(brokers, 'test');
const admin = kafka.admin();
const producer = kafka.producer({ allowAutoTopicCreation: false });
const running: KafkaStrategy<undefined>[] = [];
let topic: string;
let groupId: string;

beforeAll(() => Promise.all([admin.connect(), producer.connect()]));
afterEach(() => Promise.all(running.splice(0).map((strategy) => strategy.close())));
afterAll(() => Promise.all([admin.disconnect(), producer.disconnect()]));

/** Topics and a group that no other test has. */
async function fresh(): Promise<void> {
  const names = topology(testNamespace(), { partitions: 3 });
  await createTopics(kafka, names);
  topic = names.topic('order-events');
  groupId = names.groupId('email');
}

function start(apply: Options['apply'], change: Partial<Options> = {}) {
  const events: { event: string; details: Record<string, unknown> }[] = [];
  const fatal: string[] = [];
  const strategy = new KafkaStrategy<undefined>({
    kafka,
    groupId,
    topics: [topic],
    required: [topic],
    transportId: Symbol('test'),
    apply,
    onEvent: (event, details) => events.push({ event, details }),
    onFatal: (reason) => fatal.push(reason),
    ...change,
  });
  running.push(strategy);
  strategy.listen(() => undefined);
  return { strategy, fatal, seen: (event: string) => events.filter((e) => e.event === event).map((e) => e.details) };
}

const produce = (partition: number, ...values: (string | number)[]) =>
  producer.send({ topic, messages: values.map((value) => ({ partition, key: `k${partition}`, value: String(value) })) });

/** What the group would go on from, per partition; -1 is nothing yet. */
async function committed(): Promise<Record<number, number>> {
  const [ofTopic] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return Object.fromEntries(ofTopic!.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
}

const valuesOf = (chunk: readonly Delivery[]) => chunk.map(({ value }) => value!.toString());

beforeEach(fresh);

describe('an offset', () => {
  test('is committed after its chunk was applied, and not before', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const applied: string[] = [];
    await produce(0, 'a', 'b');
    start(async (chunk) => {
      applied.push(...valuesOf(chunk));
      await held;
    });
    await eventually(() => expect(applied).toEqual(['a', 'b']));
    expect(await committed()).toMatchObject({ 0: -1 });
    release();
    await eventually(async () => expect(await committed()).toMatchObject({ 0: 2 }));
  });

  test('stays where it is when the group refuses the commit, and the chunk comes again', async () => {
    let refused = 0;
    const { socketFactory } = kafkaWire((api, request) => {
      if (api !== kafkaApi.offsetCommit || refused++ > 0) return;
      const afterClientId = 14 + request.readInt16BE(12);
      const afterGroupId = afterClientId + 2 + request.readInt16BE(afterClientId);
      request.writeInt32BE(99_999, afterGroupId); // a generation that the group does not have
    });
    const applied: string[] = [];
    await produce(0, 'a');
    const { fatal } = start(async (chunk) => void applied.push(...valuesOf(chunk)), {
      kafka: new Kafka({ brokers, socketFactory, logLevel: logLevel.NOTHING }),
    });
    await eventually(async () => expect(await committed()).toMatchObject({ 0: 1 }));
    expect(applied).toEqual(['a', 'a']);
    expect(fatal).toEqual([]);
  });
});

describe('a chunk that cannot be applied', () => {
  test('comes again, before what follows it, and the other partitions go on', async () => {
    let broken = true;
    const applied: string[] = [];
    await produce(0, 'bad');
    const { seen } = start(async (chunk) => {
      if (broken && chunk[0]!.partition === 0) throw new Error('the database is away');
      applied.push(...valuesOf(chunk));
    });
    await eventually(() => expect(seen('repeating').length).toBeGreaterThan(0));
    await produce(0, 'behind it');
    await produce(1, 'elsewhere');
    await eventually(() => expect(applied).toEqual(['elsewhere']));
    // Its back-off grows, whatever succeeds elsewhere.
    await eventually(() => expect(seen('repeating').at(-1)).toMatchObject({ partition: 0, failures: 4 }));
    expect(await committed()).toMatchObject({ 0: -1, 1: 1 });
    broken = false;
    await eventually(() => expect(applied).toEqual(['elsewhere', 'bad', 'behind it']));
  });

  test('for a TypeError does not stop the consumer, as it would in kafkajs itself', async () => {
    const applied: string[] = [];
    await produce(0, 'poison');
    const { strategy, fatal, seen } = start(async (chunk) => {
      if (seen('repeating').length === 0) throw new TypeError('poison is not iterable');
      applied.push(...valuesOf(chunk));
    });
    await eventually(() => expect(applied).toEqual(['poison']));
    expect(strategy.alive).toBe(true);
    expect([...fatal, ...seen('disconnected')]).toEqual([]);
  });

  test('is told what a Nest handler threw, which arrives as an Observable that errors', async () => {
    const refusal = new Error('out of stock');
    const caught: unknown[] = [];
    const { strategy } = start(async (_, handlers) => {
      expect([handlers.has('OrderPlaced'), handlers.has('OrderLost')]).toEqual([true, false]);
      await handlers.handle('OrderPlaced', {}, undefined).catch((error: unknown) => caught.push(error));
    });
    strategy.addHandler('OrderPlaced', () => Promise.resolve(throwError(() => refusal)), true);
    await produce(0, 'a');
    await eventually(() => expect(caught).toEqual([refusal]));
  });
});

test('a topic that is missing is fatal, by name', async () => {
  const absent = `${topic}.absent`;
  const { fatal } = start(() => Promise.resolve(), { required: [topic, absent] });
  await eventually(() => expect(fatal).toEqual([expect.stringContaining(absent)]));
});

describe('close', () => {
  test('waits for the chunk in hand, commits it, and leaves the next for another', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const chunks: number[] = [];
    await produce(0, ...Array(250).keys());
    const { strategy } = start(async (chunk, _, signal) => {
      chunks.push(chunk.length);
      await held;
      expect(signal.aborted).toBe(true);
    });
    await eventually(() => expect(chunks).toEqual([100]));
    let closed = false;
    const closing = strategy.close().then(() => (closed = true));
    await producer.send({ topic, messages: [{ partition: 1, value: 'a round trip of the broker later' }] });
    expect(closed).toBe(false);
    release();
    await closing;
    expect(chunks).toEqual([100]);
    expect(await committed()).toMatchObject({ 0: 100, 1: -1 });
  });

  test('commits nothing of a chunk that was given up', async () => {
    await produce(0, 'a');
    let begun = false;
    const { strategy, seen } = start(async (_, __, signal) => {
      begun = true;
      await eventually(() => signal.throwIfAborted() ?? expect(signal.aborted).toBe(true));
    });
    await eventually(() => expect(begun).toBe(true));
    await strategy.close();
    expect(await committed()).toMatchObject({ 0: -1 });
    expect(seen('repeating')).toEqual([]);
  });
});

test('two consumers of a group share its partitions, and what one leaves behind the other takes', async () => {
  const applied: Record<'first' | 'second', string[]> = { first: [], second: [] };
  const first = start(async (chunk) => void applied.first.push(...valuesOf(chunk)));
  start(async (chunk) => void applied.second.push(...valuesOf(chunk)));
  let sent = 0;
  const produceEverywhere = async () => {
    for (const partition of [0, 1, 2]) await produce(partition, sent++, sent++);
  };
  await eventually(async () => {
    await produceEverywhere();
    expect([applied.first.length, applied.second.length]).not.toContain(0);
  });
  const closing = first.strategy.close();
  await produceEverywhere();
  await closing;
  await produceEverywhere();
  const all = Array.from({ length: sent }, (_, n) => String(n));
  await eventually(() => expect(new Set([...applied.first, ...applied.second])).toEqual(new Set(all)));
});
