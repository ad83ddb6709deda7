import { engines, eventually, kafkaApi, kafkaWire } from '@cartwheel/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Kafka, logLevel, type PartitionAssigner, PartitionAssigners } from 'kafkajs';
import { once } from 'node:events';
import { type StrategyBench, strategyBench, valuesOf } from './fixtures/strategy-bench.ts';
import type { KafkaStrategyOptions } from './kafka.strategy.ts';

const { brokers } = engines().kafka;
let bench: StrategyBench;
beforeEach(async () => {
  bench = await strategyBench();
});
afterEach(() => bench.close());

describe('a group', () => {
  test('two consumers of a group share its partitions, and what one leaves behind the other takes', async () => {
    const applied: Record<'first' | 'second', string[]> = { first: [], second: [] };
    const first = bench.start(async (chunk) => void applied.first.push(...valuesOf(chunk)));
    bench.start(async (chunk) => void applied.second.push(...valuesOf(chunk)));
    let sent = 0;
    const produceEverywhere = async () => {
      for (const partition of [0, 1, 2]) await bench.orders.produce(partition, sent++, sent++);
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

  test('that refuses a commit is joined again, and the chunk comes again', async () => {
    let refused = 0;
    const { socketFactory } = kafkaWire((api, request) => {
      if (api !== kafkaApi.offsetCommit || refused++ > 0) return;
      const afterClientId = 14 + request.readInt16BE(12);
      const afterGroupId = afterClientId + 2 + request.readInt16BE(afterClientId);
      request.writeInt32BE(99_999, afterGroupId); // a generation that the group does not have
    });
    const applied: string[] = [];
    await bench.orders.produce(0, 'a');
    const { fatal } = bench.start(async (chunk) => void applied.push(...valuesOf(chunk)), {
      kafka: new Kafka({ brokers, socketFactory, logLevel: logLevel.NOTHING }),
    });
    await eventually(async () => expect(await bench.orders.committed()).toMatchObject({ 0: 1 }));
    expect(applied).toEqual(['a', 'a']);
    expect(fatal).toEqual([]);
  });

  test('that loses its answer to a commit is asked on, and every record is applied', async () => {
    let commits = 0;
    const { socketFactory } = kafkaWire((api) =>
      api === kafkaApi.offsetCommit && ++commits === 1 ? 'lose the connection' : undefined,
    );
    const applied: string[] = [];
    await bench.orders.produce(0, 'a', 'b');
    const { fatal } = bench.start(async (chunk) => void applied.push(...valuesOf(chunk)), {
      kafka: new Kafka({ brokers, socketFactory, logLevel: logLevel.NOTHING }),
    });
    await eventually(() => expect(commits).toBe(1));
    await bench.orders.produce(0, 'c');
    await eventually(async () => expect(await bench.orders.committed()).toMatchObject({ 0: 3 }));
    expect([...new Set(applied)]).toEqual(['a', 'b', 'c']);
    expect(fatal).toEqual([]);
  });

  test.each([
    ['at the start', 1],
    ['later', 2],
  ])('whose coordinator is not found %s, because the connection was lost, is joined again', async (_, which) => {
    let asked = 0;
    const { socketFactory, open } = kafkaWire((api) =>
      api === kafkaApi.findCoordinator && ++asked === which ? 'lose the connection' : undefined,
    );
    const applied: string[] = [];
    await bench.orders.produce(0, 'a');
    const { fatal } = bench.start(async (chunk) => void applied.push(...valuesOf(chunk)), {
      kafka: new Kafka({ brokers, socketFactory, logLevel: logLevel.NOTHING, retry: { retries: 0 } }),
    });
    await eventually(() => {
      expect(applied).toContain('a');
      // A member asks again when it has lost its connections.
      if (asked < which) for (const socket of open) socket.destroy(new Error('the connection was lost'));
      expect(asked).toBeGreaterThan(which);
    });
    await bench.orders.produce(0, 'b');
    await eventually(async () => expect(await bench.orders.committed()).toMatchObject({ 0: 2 }));
    expect(fatal).toEqual([]);
  });

  test('that begins to rebalance has its chunk in hand given up, and applied by whoever gets it', async () => {
    await bench.orders.produce(0, 'a');
    const applied: string[] = [];
    let given: unknown;
    const apply: KafkaStrategyOptions['apply'] = async (chunk, signal) => {
      if (given === undefined) {
        await once(signal, 'abort');
        given = signal.reason;
        signal.throwIfAborted();
      }
      applied.push(...valuesOf(chunk));
    };
    const { seen } = bench.start(apply);
    await eventually(async () => expect(await bench.orders.members()).toBe(1));
    bench.start(apply);
    await eventually(async () => expect(await bench.orders.committed()).toMatchObject({ 0: 1 }));
    expect(given).toMatchObject({ type: 'REBALANCE_IN_PROGRESS' });
    expect(applied).toEqual(['a']);
    expect(seen('repeating')).toEqual([]);
  });

  test('that will never take it in is fatal: a consumer that stopped for good must not look alive', async () => {
    const other: PartitionAssigner = (config) => {
      const assigner = PartitionAssigners.roundRobin(config);
      return { ...assigner, name: 'Other', protocol: (group) => ({ ...assigner.protocol(group), name: 'Other' }) };
    };
    const stranger = bench.kafka.consumer({
      groupId: bench.orders.groupId,
      partitionAssigners: [other],
      maxWaitTimeInMs: 50,
    });
    await stranger.connect();
    await stranger.subscribe({ topic: bench.orders.topic });
    await stranger.run({ eachMessage: () => Promise.resolve() });
    const { strategy, fatal, seen } = bench.start(() => Promise.resolve());
    await eventually(() => expect(fatal).toEqual([expect.stringContaining('stopped for good')]));
    expect(strategy.alive).toBe(false);
    expect(seen('connected')).toEqual([]);
    await stranger.disconnect();
  });
});

describe('close', () => {
  test('waits for the chunk in hand, commits it, and leaves the next for another', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const chunks: number[] = [];
    await bench.orders.produce(0, ...Array(250).keys());
    const { strategy } = bench.start(async (chunk, signal) => {
      chunks.push(chunk.length);
      await held;
      expect(signal.aborted).toBe(true);
    });
    await eventually(() => expect(chunks).toEqual([100]));
    let closed = false;
    const closing = strategy.close().then(() => (closed = true));
    await bench.orders.produce(1, 'a round trip to the broker later');
    expect(closed).toBe(false);
    release();
    await closing;
    expect(chunks).toEqual([100]);
    expect(await bench.orders.committed()).toMatchObject({ 0: 100, 1: -1 });
  });

  test('commits nothing of a chunk that was given up', async () => {
    await bench.orders.produce(0, 'a');
    let begun = false;
    const { strategy, seen } = bench.start(async (_, signal) => {
      begun = true;
      await once(signal, 'abort');
      signal.throwIfAborted();
    });
    await eventually(() => expect(begun).toBe(true));
    await strategy.close();
    expect(await bench.orders.committed()).toMatchObject({ 0: -1 });
    expect(seen('repeating')).toEqual([]);
  });
});
