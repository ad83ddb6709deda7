import { engines, eventually, kafkaApi, kafkaWire, testNamespace } from '@cartwheel/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CompressionTypes, ConfigResourceTypes, Kafka, logLevel } from 'kafkajs';
import { strategyBench, type StrategyBench, valuesOf } from './fixtures/strategy-bench.ts';
import { positionsOf } from './lag.ts';

const { brokers } = engines().kafka;
let bench: StrategyBench;
beforeEach(async () => {
  bench = await strategyBench();
});
afterEach(() => bench.close());

const applying = (applied: string[]) => (chunk: Parameters<typeof valuesOf>[0]) =>
  Promise.resolve(void applied.push(...valuesOf(chunk)));

/** Has the broker itself compress what is written from now on, as Java's clients do. */
async function compressedBy(codec: string): Promise<void> {
  const admin = bench.kafka.admin();
  await admin.connect();
  const configEntries = [{ name: 'compression.type', value: codec }];
  const { topic: name } = bench.orders;
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name, configEntries }],
  });
  await eventually(async () => {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name, configNames: ['compression.type'] }],
    });
    expect(resources[0]!.configEntries).toMatchObject([{ configValue: codec }]);
  });
  await admin.disconnect();
}
const wordy = (n: number) => `record ${n} ${'which can be compressed '.repeat(40)}`;

describe('records that the broker has compressed', () => {
  test.each(['gzip', 'snappy', 'lz4', 'zstd'])('with %s are read', async (codec) => {
    await compressedBy(codec);
    const values = Array.from({ length: 300 }, (_, n) => wordy(n));
    await bench.orders.produce(0, ...values);
    const applied: string[] = [];
    let isPacked = true;
    const { socketFactory } = kafkaWire(
      () => undefined,
      (api, answer) => void (isPacked &&= api !== kafkaApi.fetch || !answer.includes(values[7]!)),
    );
    const { seen } = bench.start(applying(applied), { kafka: new Kafka({ brokers, socketFactory }) });
    await eventually(() => expect(applied).toEqual(values));
    expect(seen('undecodable')).toEqual([]);
    expect(isPacked).toBe(true);
  });

  test('are read by kafkajs too, for the tools that look at a topic', async () => {
    await compressedBy('zstd');
    await bench.orders.produce(0, wordy(1));
    const reader = bench.kafka.consumer({ groupId: `${bench.orders.groupId}.reader`, maxWaitTimeInMs: 50 });
    const read: string[] = [];
    await reader.connect();
    await reader.subscribe({ topic: bench.orders.topic, fromBeginning: true });
    await reader.run({ eachMessage: ({ message }) => Promise.resolve(void read.push(String(message.value))) });
    await eventually(() => expect(read).toEqual([wordy(1)]));
    await reader.disconnect();
  });
});

describe('a batch that cannot be read', () => {
  /** The cluster, but for one record: its bytes are spoilt on the way to the reader. */
  function spoiling(value: string): Kafka {
    const { socketFactory } = kafkaWire(
      () => undefined,
      (api, answer) => {
        if (api !== kafkaApi.fetch) return;
        for (let at = answer.indexOf(value); at >= 0; at = answer.indexOf(value, at + 1)) answer[at]! ^= 0x20;
      },
    );
    return new Kafka({ brokers, socketFactory, logLevel: logLevel.NOTHING });
  }

  test('stops its partition alone, is told with its place, and is passed when a person has stepped over it', async () => {
    const applied: string[] = [];
    let isSteppedOver = false;
    const asked: unknown[] = [];
    for (const value of ['before', 'spoilt on the way', 'behind']) await bench.orders.produce(0, value);
    const { seen, strategy } = bench.start(applying(applied), {
      kafka: spoiling('spoilt on the way'),
      stepOver: ({ bytes, ...batch }) => {
        asked.push({ ...batch, isTheBatch: bytes.includes('poilt on the way') });
        return Promise.resolve(isSteppedOver);
      },
    });
    await eventually(() => expect(seen('undecodable')).toHaveLength(1));
    const place = {
      topic: bench.orders.topic,
      partition: 0,
      firstOffset: '1',
      lastOffset: '1',
      reason: 'wrong checksum',
    };
    expect(seen('undecodable')).toMatchObject([place]);
    await bench.orders.produce(1, 'elsewhere');
    await eventually(() => expect(applied).toEqual(['before', 'elsewhere']));
    await eventually(() => expect(asked.length).toBeGreaterThan(1));
    expect(asked).toEqual(asked.map(() => ({ ...place, isTheBatch: true })));
    expect(await bench.orders.committed()).toMatchObject({ 0: 1, 1: 1 });
    isSteppedOver = true;
    await eventually(() => expect(applied).toEqual(['before', 'elsewhere', 'behind']));
    await eventually(async () => expect(await bench.orders.committed()).toMatchObject({ 0: 3 }));
    expect(strategy.alive).toBe(true);
  });

  test('because it unpacks to 150 MB is told, and never stands in memory', async () => {
    const large = Buffer.alloc(150_000_000, 'x');
    const { kafka, topic } = { kafka: bench.kafka, topic: bench.orders.topic };
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({ topic, compression: CompressionTypes.GZIP, messages: [{ partition: 0, value: large }] });
    await producer.disconnect();
    await bench.orders.produce(0, 'behind');
    let peak = 0;
    const before = process.memoryUsage().arrayBuffers;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().arrayBuffers - before)), 5);
    const applied: string[] = [];
    const { seen } = bench.start(applying(applied), {
      stepOver: () => Promise.resolve(seen('undecodable').length > 0),
    });
    await eventually(() => expect(applied).toEqual(['behind']));
    clearInterval(watch);
    expect(seen('undecodable')).toMatchObject([{ firstOffset: '0', reason: 'more than 24 MB once unpacked (gzip)' }]);
    expect(peak).toBeLessThan(large.length / 2);
  });
});

describe('a transaction that a stranger', () => {
  const lag = async () => {
    const admin = bench.kafka.admin();
    await admin.connect();
    const positions = await positionsOf(admin, [{ groupId: bench.orders.groupId, topics: [bench.orders.topic] }]);
    await admin.disconnect();
    return positions.reduce((sum, { next, end }) => sum + end - next, 0);
  };

  test('has left open stops nobody, and its mark at the end is no message that waits', async () => {
    // A broker of a moment ago may have no coordinator yet.
    const patient = new Kafka({ brokers, retry: { retries: 20 }, logLevel: logLevel.NOTHING });
    const stranger = patient.producer({
      transactionalId: testNamespace(),
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await stranger.connect();
    const transaction = await stranger.transaction();
    await transaction.send({ topic: bench.orders.topic, messages: [{ partition: 0, value: 'in a transaction' }] });
    await bench.orders.produce(0, 'behind it');
    const applied: string[] = [];
    bench.start(applying(applied));
    await eventually(() => expect(applied).toEqual(['in a transaction', 'behind it']));
    await transaction.abort();
    await eventually(async () => expect(await lag()).toBe(0));
    // It is there, and holds no record.
    await bench.orders.produce(0, 'after it');
    await eventually(async () => expect(await bench.orders.committed()).toMatchObject({ 0: 4 }));
    expect(applied).toEqual(['in a transaction', 'behind it', 'after it']);
    await stranger.disconnect();
  });
});

test('records that are large are applied a few at a time, also when one fetch brings many of them', async () => {
  const producer = bench.kafka.producer();
  await producer.connect();
  const messages = Array.from({ length: 8 }, () => ({ partition: 0, value: 'x'.repeat(400_000) }));
  await producer.send({ topic: bench.orders.topic, compression: CompressionTypes.GZIP, messages });
  await producer.disconnect();
  const sizes: number[] = [];
  bench.start((chunk) => Promise.resolve(void sizes.push(chunk.length)));
  await eventually(() => expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(8));
  expect(sizes).toEqual([2, 2, 2, 2]);
});
