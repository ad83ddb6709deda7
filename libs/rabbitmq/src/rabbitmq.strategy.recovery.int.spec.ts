import { type Delivery, topology } from '@cartwheel/contracts';
import { engines, eventually, rabbitmqQueue, tcpProxy, type TcpProxy, testNamespace } from '@cartwheel/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { declareTopology } from './declare.ts';
import { RabbitmqPublisher } from './rabbitmq-publisher.ts';
import { type Outcome, RabbitmqStrategy, type RabbitmqStrategyOptions } from './rabbitmq.strategy.ts';

type Options = RabbitmqStrategyOptions<undefined>;

const { url } = engines().rabbitmq;
const ACK: Outcome = { kind: 'ack' };
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

describe('what must exist', () => {
  test('and is missing at the start is fatal, by name', async () => {
    const rung = names.retryQueue(mails.queue, 0);
    await mails.channel.deleteQueue(rung);
    const { fatal } = start(async () => ACK);
    await eventually(() => expect(fatal).toEqual([expect.stringContaining(rung)]));
  });

  test('and is deleted later is waited for, and the consumer is back when it is', async () => {
    const applied: string[] = [];
    const { fatal, seen } = start(async (delivery) => (applied.push(text(delivery)), ACK));
    await mails.send('before');
    await eventually(() => expect(applied).toEqual(['before']));
    await mails.channel.deleteQueue(mails.queue);
    await eventually(() =>
      expect(seen('disconnected')).toContainEqual(expect.objectContaining({ errorClass: 'Error' })),
    );
    await declareTopology(url, names);
    await mails.send('after');
    await eventually(() => expect(applied).toEqual(['before', 'after']));
    expect(fatal).toEqual([]);
    expect(seen('disconnected')[0]).toMatchObject({ reason: 'the broker cancelled the consumer' });
  });
});

test('a broker that is away at the start is waited for', async () => {
  consuming.set('closed');
  const applied: string[] = [];
  await mails.send('a');
  const { seen } = start(async (delivery) => (applied.push(text(delivery)), ACK));
  await eventually(() => expect(seen('disconnected').length).toBeGreaterThan(1));
  expect(strategy.alive).toBe(true);
  consuming.set('open');
  await eventually(() => expect(applied).toEqual(['a']));
});

test('a broker that lets it in and then says nothing is given up, and asked again', async () => {
  consuming.set('held');
  const applied: string[] = [];
  await mails.send('a');
  const { seen } = start(async (delivery) => (applied.push(text(delivery)), ACK));
  await eventually(() => expect(seen('disconnected')).toHaveLength(1));
  consuming.set('open');
  await eventually(() => expect(applied).toEqual(['a']));
});

describe('close', () => {
  test('finishes what is in hand and takes nothing more', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<Outcome>();
    const taken: string[] = [];
    await mails.send(...'abcdef');
    start((delivery) => (taken.push(text(delivery)), held));
    await eventually(() => expect(taken).toEqual(['a', 'b']));
    let closed = false;
    const closing = strategy.close().then(() => (closed = true));
    await mails.send('a round trip to the broker later');
    expect(closed).toBe(false);
    release(ACK);
    await closing;
    expect(taken).toEqual(['a', 'b']);
    // The TCP end of a closed connection arrives on its own time.
    await eventually(() => expect(consuming.clients).toBe(0));
    await eventually(async () => expect(await mails.waiting()).toBe(5));
  });

  test('while it is opening its channel leaves none behind', async () => {
    start(async () => ACK);
    await strategy.close();
    await eventually(() => expect(consuming.clients).toBe(0));
  });

  test('has acknowledged all that it finished', async () => {
    // A race between the acks and the end of the connection: more than once, and at different moments.
    for (let round = 1; round <= 8; round += 1) {
      const { promise: held, resolve: release } = Promise.withResolvers<Outcome>();
      let taken = 0;
      await mails.send('done');
      start(() => ((taken += 1), held));
      await eventually(() => expect(taken).toBe(1));
      const closing = strategy.close();
      // Also later than the answer to its cancellation: then nothing is waited for between the ack and the end.
      await sleep(round * 10);
      release(ACK);
      await closing;
    }
    const left: string[] = [];
    await mails.send('last');
    start(async (delivery) => (left.push(text(delivery)), ACK));
    await eventually(() => expect(left).toContain('last'));
    expect(left).toEqual(['last']);
  });

  test('after it lost its channel ends all the same, and leaves the task to be delivered again', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<Outcome>();
    const taken: string[] = [];
    await mails.send('a');
    const { seen } = start((delivery) => (taken.push(text(delivery)), held));
    await eventually(() => expect(taken).toEqual(['a']));
    consuming.set('closed');
    await eventually(() => expect(seen('disconnected').length).toBeGreaterThan(0));
    const closing = strategy.close();
    release(ACK);
    await closing;
    await eventually(async () => expect(await mails.waiting()).toBe(1));
  });
});
