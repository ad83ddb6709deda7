import type { Delivery } from '@cartwheel/contracts';
import { eventually } from '@cartwheel/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ChannelModel } from 'amqplib';
import { type StrategyBench, strategyBench } from './fixtures/strategy-bench.ts';
import { NOT_CARRIED } from './carried.ts';
import type { Outcome } from './rabbitmq.strategy.ts';

const ACK: Outcome = { kind: 'ack' };
const RETRY: Outcome = { kind: 'retry', rung: 0, headers: { cartwheel_attempt: '2' } };

let bench: StrategyBench;
beforeEach(async () => {
  bench = await strategyBench();
});
afterEach(() => bench.close());

const text = ({ value }: Delivery) => String(value);
/** Whatever the strategy has said so far has reached the broker, which reads a connection in order. */
const heard = async () => (await bench.strategy.unwrap<ChannelModel>().createChannel()).close();

describe('a task', () => {
  test('is acknowledged after it was applied: a cut before that brings it again', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const signals: AbortSignal[] = [];
    await bench.mails.send('a');
    const { seen } = bench.start(async (_, signal) => {
      signals.push(signal);
      if (signals.length > 1) return ACK;
      await held;
      return RETRY;
    });
    await eventually(() => expect(signals).toHaveLength(1));
    await heard();
    bench.consuming.cut();
    await eventually(() => expect(signals).toHaveLength(2));
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    // The first is finished too late: the task is another's by now, and is not doubled by a place on the ladder.
    release();
    await bench.strategy.close();
    const rung = await bench.mails.channel.checkQueue(bench.names.retryQueue(bench.mails.queue, 0));
    expect([await bench.mails.waiting(), rung.messageCount]).toEqual([0, 0]);
    expect(seen('repeating')).toEqual([]);
  });

  test('comes again when its acknowledgement was lost on the way', async () => {
    const applied: string[] = [];
    await bench.mails.send('a');
    const { seen } = bench.start(async (delivery) => {
      if (applied.push(text(delivery)) === 1) bench.consuming.set('stalled');
      return ACK;
    });
    await eventually(() => expect(applied).toEqual(['a']));
    await bench.mails.waiting(); // by now it is acknowledged, as far as the strategy knows
    bench.consuming.cut();
    bench.consuming.set('open');
    await eventually(() => expect(applied).toEqual(['a', 'a']));
    await bench.strategy.close();
    expect(await bench.mails.waiting()).toBe(0);
    expect(seen('repeating')).toEqual([]);
  });

  test('that is finished after its channel was lost is not acknowledged on the next, where its number means another', async () => {
    const held: ((outcome: Outcome) => void)[] = [];
    await bench.mails.send('a');
    bench.start(() => new Promise((resolve) => held.push(resolve)));
    for (const deliveries of [1, 2]) {
      await eventually(() => expect(held).toHaveLength(deliveries));
      bench.consuming.cut();
    }
    await eventually(() => expect(held).toHaveLength(3));
    held[0]!(ACK);
    held[1]!(ACK);
    await heard();
    bench.consuming.cut();
    await eventually(() => expect(held).toHaveLength(4));
    for (const finish of held) finish(ACK);
    await bench.strategy.close();
    expect(await bench.mails.waiting()).toBe(0);
  });

  test('to be tried again comes back over its rung, after the time of that rung, with the new headers', async () => {
    const deliveries: { at: number; delivery: Delivery }[] = [];
    bench.start(async (delivery) => (deliveries.push({ at: Date.now(), delivery }) === 1 ? RETRY : ACK));
    await bench.mails.send(Buffer.from([0, 0xff]));
    await eventually(() => expect(deliveries).toHaveLength(2));
    const [first, again] = deliveries as [(typeof deliveries)[0], (typeof deliveries)[0]];
    expect(again.at - first.at).toBeGreaterThan(900);
    expect(again.delivery.value).toEqual(first.delivery.value);
    expect(again.delivery.headers).toMatchObject({
      cartwheel_attempt: '2',
      'x-death': [{ queue: bench.names.retryQueue(bench.mails.queue, 0), reason: 'expired' }],
    });
  });

  test('that no ladder can hold is given up with the reason, and leaves its place to others', async () => {
    const applied: string[] = [];
    const { givenUp, seen } = bench.start(async (delivery) => {
      applied.push(text(delivery));
      return applied.length > 3 ? ACK : RETRY;
    });
    // Three with a prefetch of two. They arrived, and with the headers of the ladder they are too large for amqplib.
    const big = { big: 'x'.repeat(65_536 - 4 - 4 - 5 - 10) };
    for (const name of ['a', 'b', 'c'])
      bench.mails.channel.sendToQueue(bench.mails.queue, Buffer.from(name), { headers: big });
    await eventually(() => expect(givenUp).toEqual([NOT_CARRIED, NOT_CARRIED, NOT_CARRIED]));
    await bench.mails.send('d');
    await eventually(() => expect(applied).toEqual(['a', 'b', 'c', 'd']));
    await bench.strategy.close();
    expect([await bench.mails.waiting(), seen('repeating')]).toEqual([0, []]);
  });

  test('to be tried again stays in hand until the ladder took it', async () => {
    const deliveries: Delivery[] = [];
    bench.publishing.set('closed');
    const { seen } = bench.start(async (delivery) => (deliveries.push(delivery) < 3 ? RETRY : ACK));
    await bench.mails.send('a');
    await eventually(() => expect(seen('repeating').length).toBeGreaterThan(1));
    bench.consuming.cut();
    await eventually(() => expect(deliveries).toHaveLength(2));
    expect(deliveries[1]!.headers).not.toHaveProperty('cartwheel_attempt');
    bench.publishing.set('open');
    await eventually(() => expect(deliveries[2]?.headers).toMatchObject({ cartwheel_attempt: '2' }));
  });

  test('to be tried again stands on the ladder twice when the confirm was lost, and never not at all', async () => {
    const attempts: unknown[] = [];
    await bench.publisher.publish([
      {
        ref: '',
        exchange: '',
        routingKey: `${bench.mails.queue}.dead`,
        headers: {},
        content: Buffer.alloc(0),
        id: '',
        type: '',
      },
    ]);
    bench.publishing.set('held');
    bench.start(async ({ headers }) => (attempts.push(headers['cartwheel_attempt']) === 1 ? RETRY : ACK));
    await bench.mails.send('a');
    await eventually(() => expect(attempts).toEqual([undefined, '2'])); // over its rung, and the first is still in hand
    bench.publishing.cut();
    bench.publishing.set('open');
    await eventually(() => expect(attempts).toEqual([undefined, '2', '2']));
    await bench.strategy.close();
    expect(await bench.mails.waiting()).toBe(0);
  });

  test('to be tried again stays in hand while its rung is missing, although the broker acks what it cannot route', async () => {
    const deliveries: Delivery[] = [];
    const rung = bench.names.retryQueue(bench.mails.queue, 0);
    const { seen } = bench.start(async (delivery) => (deliveries.push(delivery) === 1 ? RETRY : ACK));
    await eventually(() => expect(seen('connected')).toHaveLength(1));
    await bench.mails.channel.deleteQueue(rung);
    await bench.mails.send('a');
    await eventually(() => expect(seen('repeating').length).toBeGreaterThan(1));
    await bench.declare();
    await eventually(() => expect(deliveries[1]?.headers).toMatchObject({ cartwheel_attempt: '2' }));
  });

  test('that could not be applied comes again and does not fill the prefetch', async () => {
    const applied: string[] = [];
    await bench.mails.send('bad', 'bad', 'good');
    const { seen } = bench.start(async (delivery) => {
      if (text(delivery) === 'bad' && seen('repeating').length < 4) throw new Error('not now');
      applied.push(text(delivery));
      return ACK;
    });
    await eventually(() => expect(applied.toSorted()).toEqual(['bad', 'bad', 'good']));
  });

  test('that could not be applied is counted by the broker, so that its limit ends what never can be', async () => {
    const counts: unknown[] = [];
    await bench.mails.send('bad');
    bench.start(async ({ headers }) => {
      if (counts.push(headers['x-delivery-count']) <= 3) throw new Error('never');
      return ACK;
    });
    await eventually(() => expect(counts).toEqual([undefined, 1, 2, 3]));
  });

  test('without headers, or that nobody can read, is handed over as it is', async () => {
    const unreadable = [Buffer.alloc(0), Buffer.from([0, 0xff, 0xfe]), Buffer.from('{"orderId":')];
    const deliveries: Delivery[] = [];
    await bench.mails.send(...unreadable);
    bench.start(async (delivery) => (deliveries.push(delivery), ACK), { prefetch: 1 });
    await eventually(() => expect(deliveries.map(({ value }) => value)).toEqual(unreadable));
    expect(deliveries[0]).toMatchObject({ source: 'rabbitmq', topic: bench.mails.queue, key: null, headers: {} });
  });
});

test('no more tasks are in hand than the prefetch says', async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<Outcome>();
  const taken: string[] = [];
  await bench.mails.send(...'abcdefg');
  bench.start((delivery) => (taken.push(text(delivery)), held), { prefetch: 3 });
  await eventually(() => expect(taken).toEqual(['a', 'b', 'c']));
  await eventually(async () => expect(await bench.mails.waiting()).toBe(4));
  release(ACK);
  await eventually(() => expect(taken).toHaveLength(7));
});
