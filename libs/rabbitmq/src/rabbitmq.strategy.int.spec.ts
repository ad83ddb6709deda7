import { type Delivery, topology } from '@cartwheel/contracts';
import { engines, eventually, rabbitmqQueue, tcpProxy, type TcpProxy, testNamespace } from '@cartwheel/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ChannelModel } from 'amqplib';
import { throwError } from 'rxjs';
import { declareTopology } from './declare.ts';
import { RabbitmqPublisher } from './rabbitmq-publisher.ts';
import { type Outcome, RabbitmqStrategy, type RabbitmqStrategyOptions } from './rabbitmq.strategy.ts';

type Options = RabbitmqStrategyOptions<undefined>;

const { url } = engines().rabbitmq;
const ACK: Outcome = { kind: 'ack' };
const RETRY: Outcome = { kind: 'retry', rung: 0, headers: { cartwheel_attempt: '2' } };
let names: ReturnType<typeof topology>;
let mails: Awaited<ReturnType<typeof rabbitmqQueue>>;
let consuming: TcpProxy;
let publishing: TcpProxy;
let publisher: RabbitmqPublisher;
let strategy: RabbitmqStrategy<undefined>;

beforeEach(async () => {
  names = topology(testNamespace());
  await declareTopology(url, names);
  const queue = names.queue('email.message');
  mails = await rabbitmqQueue(url, { queue, exchange: names.exchange, routingKey: 'email.message.send' });
  [consuming, publishing] = await Promise.all([tcpProxy(url), tcpProxy(url)]);
  publisher = new RabbitmqPublisher(publishing.url, 'test');
});
afterEach(async () => {
  await Promise.all([strategy.close(), publisher.close(), mails.close()]);
  await Promise.all([consuming.stop(), publishing.stop()]);
});

function start(apply: Options['apply'], change: Partial<Options> = {}) {
  const events: { event: string; details: Record<string, unknown> }[] = [];
  const fatal: string[] = [];
  strategy = new RabbitmqStrategy<undefined>({
    url: consuming.url,
    queue: mails.queue,
    retryQueue: (rung) => names.retryQueue(mails.queue, rung),
    required: { exchange: names.exchange, queues: names.queues.map(({ name }) => name) },
    prefetch: 2,
    transportId: Symbol('test'),
    publisher,
    apply,
    onEvent: (event, details) => events.push({ event, details }),
    onFatal: (reason) => fatal.push(reason),
    ...change,
  });
  strategy.listen(() => undefined);
  return { fatal, seen: (event: string) => events.filter((e) => e.event === event).map((e) => e.details) };
}

const text = ({ value }: Delivery) => String(value);
/** Whatever the strategy has said so far has reached the broker, which reads a connection in order. */
const heard = async () => (await strategy.unwrap<ChannelModel>().createChannel()).close();

describe('a task', () => {
  test('is acknowledged after it was applied: a cut before that brings it again', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const signals: AbortSignal[] = [];
    await mails.send('a');
    const { seen } = start(async (_, __, signal) => {
      signals.push(signal);
      if (signals.length > 1) return ACK;
      await held;
      return RETRY;
    });
    await eventually(() => expect(signals).toHaveLength(1));
    await heard();
    consuming.cut();
    await eventually(() => expect(signals).toHaveLength(2));
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    // The first is finished too late: the task is another's by now, and is not doubled by a place on the ladder.
    release();
    await strategy.close();
    const rung = await mails.channel.checkQueue(names.retryQueue(mails.queue, 0));
    expect([await mails.waiting(), rung.messageCount]).toEqual([0, 0]);
    expect(seen('repeating')).toEqual([]);
  });

  test('comes again when its acknowledgement was lost on the way', async () => {
    const applied: string[] = [];
    await mails.send('a');
    const { seen } = start(async (delivery) => {
      if (applied.push(text(delivery)) === 1) consuming.set('stalled');
      return ACK;
    });
    await eventually(() => expect(applied).toEqual(['a']));
    await mails.waiting(); // by now it is acknowledged, as far as the strategy knows
    consuming.cut();
    consuming.set('open');
    await eventually(() => expect(applied).toEqual(['a', 'a']));
    await strategy.close();
    expect(await mails.waiting()).toBe(0);
    expect(seen('repeating')).toEqual([]);
  });

  test('that is finished after its channel was lost is not acknowledged on the next, where its number means another', async () => {
    const held: ((outcome: Outcome) => void)[] = [];
    await mails.send('a');
    start(() => new Promise((resolve) => held.push(resolve)));
    for (const deliveries of [1, 2]) {
      await eventually(() => expect(held).toHaveLength(deliveries));
      consuming.cut();
    }
    await eventually(() => expect(held).toHaveLength(3));
    held[0]!(ACK);
    held[1]!(ACK);
    await heard();
    consuming.cut();
    await eventually(() => expect(held).toHaveLength(4));
    for (const finish of held) finish(ACK);
    await strategy.close();
    expect(await mails.waiting()).toBe(0);
  });

  test('to be tried again comes back over its rung, after the time of that rung, with the new headers', async () => {
    const deliveries: { at: number; delivery: Delivery }[] = [];
    start(async (delivery) => (deliveries.push({ at: Date.now(), delivery }) === 1 ? RETRY : ACK));
    await mails.send(Buffer.from([0, 0xff]));
    await eventually(() => expect(deliveries).toHaveLength(2));
    const [first, again] = deliveries as [(typeof deliveries)[0], (typeof deliveries)[0]];
    expect(again.at - first.at).toBeGreaterThan(900);
    expect(again.delivery.value).toEqual(first.delivery.value);
    expect(again.delivery.headers).toMatchObject({
      cartwheel_attempt: '2',
      'x-death': [{ queue: names.retryQueue(mails.queue, 0), reason: 'expired' }],
    });
  });

  test('to be tried again stays in hand until the ladder took it', async () => {
    const deliveries: Delivery[] = [];
    publishing.set('closed');
    const { seen } = start(async (delivery) => (deliveries.push(delivery) < 3 ? RETRY : ACK));
    await mails.send('a');
    await eventually(() => expect(seen('repeating').length).toBeGreaterThan(1));
    consuming.cut();
    await eventually(() => expect(deliveries).toHaveLength(2));
    expect(deliveries[1]!.headers).not.toHaveProperty('cartwheel_attempt');
    publishing.set('open');
    await eventually(() => expect(deliveries[2]?.headers).toMatchObject({ cartwheel_attempt: '2' }));
  });

  test('to be tried again stands on the ladder twice when the confirm was lost, and never not at all', async () => {
    const attempts: unknown[] = [];
    await publisher.publish([
      {
        ref: '',
        exchange: '',
        routingKey: `${mails.queue}.dead`,
        headers: {},
        content: Buffer.alloc(0),
        id: '',
        type: '',
      },
    ]);
    publishing.set('held');
    start(async ({ headers }) => (attempts.push(headers['cartwheel_attempt']) === 1 ? RETRY : ACK));
    await mails.send('a');
    await eventually(() => expect(attempts).toEqual([undefined, '2'])); // over its rung, and the first is still in hand
    publishing.cut();
    publishing.set('open');
    await eventually(() => expect(attempts).toEqual([undefined, '2', '2']));
    await strategy.close();
    expect(await mails.waiting()).toBe(0);
  });

  test('to be tried again stays in hand while its rung is missing, although the broker acks what it cannot route', async () => {
    const deliveries: Delivery[] = [];
    const rung = names.retryQueue(mails.queue, 0);
    const { seen } = start(async (delivery) => (deliveries.push(delivery) === 1 ? RETRY : ACK));
    await eventually(() => expect(seen('connected')).toHaveLength(1));
    await mails.channel.deleteQueue(rung);
    await mails.send('a');
    await eventually(() => expect(seen('repeating').length).toBeGreaterThan(1));
    await declareTopology(url, names);
    await eventually(() => expect(deliveries[1]?.headers).toMatchObject({ cartwheel_attempt: '2' }));
  });

  test('that could not be applied comes again and does not fill the prefetch', async () => {
    const applied: string[] = [];
    await mails.send('bad', 'bad', 'good');
    const { seen } = start(async (delivery) => {
      if (text(delivery) === 'bad' && seen('repeating').length < 4) throw new Error('not now');
      applied.push(text(delivery));
      return ACK;
    });
    await eventually(() => expect(applied.toSorted()).toEqual(['bad', 'bad', 'good']));
  });

  test('that could not be applied is counted by the broker, so that its limit ends what never can be', async () => {
    const counts: unknown[] = [];
    await mails.send('bad');
    start(async ({ headers }) => {
      if (counts.push(headers['x-delivery-count']) <= 3) throw new Error('never');
      return ACK;
    });
    await eventually(() => expect(counts).toEqual([undefined, 1, 2, 3]));
  });

  test('without headers, or that nobody can read, is handed over as it is', async () => {
    const unreadable = [Buffer.alloc(0), Buffer.from([0, 0xff, 0xfe]), Buffer.from('{"orderId":')];
    const deliveries: Delivery[] = [];
    await mails.send(...unreadable);
    start(async (delivery) => (deliveries.push(delivery), ACK), { prefetch: 1 });
    await eventually(() => expect(deliveries.map(({ value }) => value)).toEqual(unreadable));
    expect(deliveries[0]).toMatchObject({ source: 'rabbitmq', topic: mails.queue, key: null, headers: {} });
  });

  test('is told what a Nest worker threw, which arrives as an Observable that errors', async () => {
    const refusal = new Error('mailbox full');
    const caught: unknown[] = [];
    await mails.send('a');
    start(async (_, handlers) => {
      expect([handlers.has('SendEmail'), handlers.has('SendFax')]).toEqual([true, false]);
      await handlers.handle('SendEmail', {}, undefined).catch((error: unknown) => caught.push(error));
      return ACK;
    });
    strategy.addHandler('SendEmail', () => Promise.resolve(throwError(() => refusal)), true);
    await eventually(() => expect(caught).toEqual([refusal]));
  });
});

test('no more tasks are in hand than the prefetch says', async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<Outcome>();
  const taken: string[] = [];
  await mails.send(...'abcdefg');
  start((delivery) => (taken.push(text(delivery)), held), { prefetch: 3 });
  await eventually(() => expect(taken).toEqual(['a', 'b', 'c']));
  await eventually(async () => expect(await mails.waiting()).toBe(4));
  release(ACK);
  await eventually(() => expect(taken).toHaveLength(7));
});
