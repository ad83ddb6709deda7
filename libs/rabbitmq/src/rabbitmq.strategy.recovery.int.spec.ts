import type { Delivery } from '@cartwheel/contracts';
import { eventually } from '@cartwheel/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { type StrategyBench, strategyBench } from './fixtures/strategy-bench.ts';
import type { Outcome } from './rabbitmq.strategy.ts';

const ACK: Outcome = { kind: 'ack' };

let bench: StrategyBench;
beforeEach(async () => {
  bench = await strategyBench();
});
afterEach(() => bench.close());

const text = ({ value }: Delivery) => String(value);

describe('what must exist', () => {
  test('and is missing at the start is fatal, by name', async () => {
    const rung = bench.names.retryQueue(bench.mails.queue, 0);
    await bench.mails.channel.deleteQueue(rung);
    const { fatal } = bench.start(async () => ACK);
    await eventually(() => expect(fatal).toEqual([expect.stringContaining(rung)]));
  });

  test('and is deleted later is waited for, and the consumer is back when it is', async () => {
    const applied: string[] = [];
    const { fatal, seen } = bench.start(async (delivery) => (applied.push(text(delivery)), ACK));
    await bench.mails.send('before');
    await eventually(() => expect(applied).toEqual(['before']));
    await bench.mails.channel.deleteQueue(bench.mails.queue);
    await eventually(() =>
      expect(seen('disconnected')).toContainEqual(expect.objectContaining({ errorClass: 'Error' })),
    );
    await bench.declare();
    await bench.mails.send('after');
    await eventually(() => expect(applied).toEqual(['before', 'after']));
    expect(fatal).toEqual([]);
    expect(seen('disconnected')[0]).toMatchObject({ reason: 'the broker cancelled the consumer' });
  });
});

test('a broker that is away at the start is waited for', async () => {
  bench.consuming.set('closed');
  const applied: string[] = [];
  await bench.mails.send('a');
  const { seen } = bench.start(async (delivery) => (applied.push(text(delivery)), ACK));
  await eventually(() => expect(seen('disconnected').length).toBeGreaterThan(1));
  expect(bench.strategy.alive).toBe(true);
  bench.consuming.set('open');
  await eventually(() => expect(applied).toEqual(['a']));
});

test('a broker that lets it in and then says nothing is given up, and asked again', async () => {
  bench.consuming.set('held');
  const applied: string[] = [];
  await bench.mails.send('a');
  const { seen } = bench.start(async (delivery) => (applied.push(text(delivery)), ACK));
  await eventually(() => expect(seen('disconnected')).toHaveLength(1));
  bench.consuming.set('open');
  await eventually(() => expect(applied).toEqual(['a']));
});

describe('close', () => {
  test('finishes what is in hand and takes nothing more', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<Outcome>();
    const taken: string[] = [];
    await bench.mails.send(...'abcdef');
    bench.start((delivery) => (taken.push(text(delivery)), held));
    await eventually(() => expect(taken).toEqual(['a', 'b']));
    let closed = false;
    const closing = bench.strategy.close().then(() => (closed = true));
    await bench.mails.send('a round trip to the broker later');
    expect(closed).toBe(false);
    release(ACK);
    await closing;
    expect(taken).toEqual(['a', 'b']);
    // The TCP end of a closed connection arrives on its own time.
    await eventually(() => expect(bench.consuming.clients).toBe(0));
    await eventually(async () => expect(await bench.mails.waiting()).toBe(5));
  });

  test('while it is opening its channel leaves none behind', async () => {
    bench.start(async () => ACK);
    await bench.strategy.close();
    await eventually(() => expect(bench.consuming.clients).toBe(0));
  });

  test('has acknowledged all that it finished', async () => {
    // A race between the acks and the end of the connection: more than once, and at different moments.
    for (let round = 1; round <= 8; round += 1) {
      const { promise: held, resolve: release } = Promise.withResolvers<Outcome>();
      let taken = 0;
      await bench.mails.send('done');
      bench.start(() => ((taken += 1), held));
      await eventually(() => expect(taken).toBe(1));
      const closing = bench.strategy.close();
      // Also later than the answer to its cancellation: then nothing is waited for between the ack and the end.
      await sleep(round * 10);
      release(ACK);
      await closing;
    }
    const left: string[] = [];
    await bench.mails.send('last');
    bench.start(async (delivery) => (left.push(text(delivery)), ACK));
    await eventually(() => expect(left).toContain('last'));
    expect(left).toEqual(['last']);
  });

  test('after it lost its channel ends all the same, and leaves the task to be delivered again', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<Outcome>();
    const taken: string[] = [];
    await bench.mails.send('a');
    const { seen } = bench.start((delivery) => (taken.push(text(delivery)), held));
    await eventually(() => expect(taken).toEqual(['a']));
    bench.consuming.set('closed');
    await eventually(() => expect(seen('disconnected').length).toBeGreaterThan(0));
    const closing = bench.strategy.close();
    release(ACK);
    await closing;
    await eventually(async () => expect(await bench.mails.waiting()).toBe(1));
  });
});
