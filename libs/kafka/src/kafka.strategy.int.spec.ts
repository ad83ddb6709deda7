import { eventually } from '@cartwheel/testing';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Consumer } from 'kafkajs';
import { type StrategyBench, strategyBench, valuesOf } from './fixtures/strategy-bench.ts';

let bench: StrategyBench;
beforeEach(async () => {
  bench = await strategyBench();
});
afterEach(() => bench.close());

describe('an offset', () => {
  test('is committed after its chunk was applied, and not before', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const applied: string[] = [];
    await bench.orders.produce(0, 'a', 'b');
    bench.start(async (chunk) => {
      applied.push(...valuesOf(chunk));
      await held;
    });
    await eventually(() => expect(applied).toEqual(['a', 'b']));
    expect(await bench.orders.committed()).toMatchObject({ 0: -1 });
    release();
    await eventually(async () => expect(await bench.orders.committed()).toMatchObject({ 0: 2 }));
  });
});

describe('a chunk that cannot be applied', () => {
  test('comes again, before what follows it, and the other partitions go on', async () => {
    let broken = true;
    const applied: string[] = [];
    await bench.orders.produce(0, 'bad');
    const { seen } = bench.start(async (chunk) => {
      if (broken && chunk[0]!.partition === 0) throw new Error('the database is away');
      applied.push(...valuesOf(chunk));
    });
    await eventually(() => expect(seen('repeating').length).toBeGreaterThan(0));
    await bench.orders.produce(0, 'behind it');
    // It rests longer every time, and while it rests one record after the other is applied elsewhere.
    let elsewhere = 0;
    await eventually(async () => {
      const failures = seen('repeating').length;
      for (let n = 0; n < 3; n += 1) {
        await bench.orders.produce(1, 'elsewhere');
        elsewhere += 1;
        await eventually(() => expect(applied).toHaveLength(elsewhere));
      }
      expect(seen('repeating')).toHaveLength(failures);
    });
    await eventually(() => expect(seen('repeating').length).toBeGreaterThan(4));
    const times = seen('repeating').map((_, n) => n + 1);
    expect(seen('repeating')).toMatchObject(times.map((failures) => ({ partition: 0, failures })));
    await eventually(async () => expect(await bench.orders.committed()).toMatchObject({ 0: -1, 1: elsewhere }));
    broken = false;
    await eventually(() => expect(applied.slice(elsewhere)).toEqual(['bad', 'behind it']));
  });

  test('does not cost the membership while every partition waits, and is applied soon after the cause is gone', async () => {
    let broken = true;
    const applied: string[] = [];
    for (const partition of [0, 1, 2]) await bench.orders.produce(partition, `of ${partition}`);
    const { strategy, seen } = bench.start((chunk) => {
      if (broken) return Promise.reject(new Error('the database is away'));
      applied.push(...valuesOf(chunk));
      return Promise.resolve();
    });
    // By now each rests for seconds, and nothing but heartbeats says that somebody is there.
    await eventually(() => expect(seen('repeating').length).toBeGreaterThan(15));
    const consumer = strategy.unwrap<Consumer>();
    const [heartbeats, joins] = [jest.fn(), jest.fn()];
    consumer.on(consumer.events.HEARTBEAT, heartbeats);
    consumer.on(consumer.events.GROUP_JOIN, joins);
    await eventually(() => expect(heartbeats.mock.calls.length).toBeGreaterThan(2));
    broken = false;
    const since = Date.now();
    await eventually(() => expect(applied).toHaveLength(3));
    expect(Date.now() - since).toBeLessThan(15_000);
    expect(joins).not.toHaveBeenCalled();
  });

  test('for a TypeError does not stop the consumer, as it would in kafkajs itself', async () => {
    const applied: string[] = [];
    await bench.orders.produce(0, 'poison');
    const { strategy, fatal, seen } = bench.start(async (chunk) => {
      if (seen('repeating').length === 0) throw new TypeError('poison is not iterable');
      applied.push(...valuesOf(chunk));
    });
    await eventually(() => expect(applied).toEqual(['poison']));
    expect(strategy.alive).toBe(true);
    expect([...fatal, ...seen('disconnected')]).toEqual([]);
  });
});

test('a topic that is missing is fatal, by name', async () => {
  const absent = `${bench.orders.topic}.absent`;
  const { fatal } = bench.start(() => Promise.resolve(), { required: [bench.orders.topic, absent] });
  await eventually(() => expect(fatal).toEqual([expect.stringContaining(absent)]));
});
