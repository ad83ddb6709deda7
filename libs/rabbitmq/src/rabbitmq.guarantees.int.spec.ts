import { engines, eventually, tcpProxy, testNamespace } from '@cartwheel/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Channel, type ChannelModel, type ConfirmChannel, connect, type GetMessage, type Options } from 'amqplib';

/*
 * The ground we stand on: each thing that this repository relies on RabbitMQ for, and each trap that we walk around, as one
 * test with nothing but amqplib and a broker. It is the same on 3.10 and on 4.x.
 */

const { url } = engines().rabbitmq;
const namespace = testNamespace();
const queues: string[] = [];
let connection: ChannelModel;
let channel: ConfirmChannel;

beforeAll(async () => (connection = await connect(url)));
afterAll(() => connection.close());
beforeEach(async () => (channel = await opened(connection.createConfirmChannel())));
afterEach(async () => {
  const other = await connection.createChannel();
  for (const queue of queues.splice(0)) await other.deleteQueue(queue);
  await other.close();
  await channel.close().catch(() => undefined);
});

describe('a publish', () => {
  test('that was confirmed is in the queue, byte for byte', async () => {
    const queue = await queueWith();
    const content = Buffer.from([0, 0xff, 0xfe]);
    const headers = { text: 'é', empty: '', number: 7 };
    await publish(queue, content, { persistent: true, messageId: 'id', type: 'SendEmail', headers });
    expect(await take(queue)).toMatchObject({
      content,
      properties: { deliveryMode: 2, messageId: 'id', type: 'SendEmail', headers },
    });
  });

  test('that no queue is bound for is acked all the same; if it was mandatory, it is returned before that', async () => {
    const told: string[] = [];
    channel.on('return', ({ content }: GetMessage) => told.push(`${content} returned`));
    for (const [content, mandatory] of [
      ['plain', false],
      ['mandatory', true],
    ] as const) {
      await publish(`${namespace}.nowhere`, Buffer.from(content), { mandatory });
      told.push(`${content} acked`);
    }
    expect(told).toEqual(['plain acked', 'mandatory returned', 'mandatory acked']);
  });

  test('to a full queue is nacked if that was declared reject-publish; else an older message is dropped for it', async () => {
    const full = await queueWith({ 'x-max-length': 1, 'x-overflow': 'reject-publish' });
    const dropping = await queueWith({ 'x-max-length': 1 });
    // The limit is not sharp: some may pass before the queue has told the channel that it is full.
    await eventually(() => expect(publish(full, 'new')).rejects.toThrow('message nacked'));
    expect(textOf(await take(full))).toBe('new');
    for (const content of ['a', 'b', 'c']) await publish(dropping, content);
    await eventually(async () => expect((await channel.checkQueue(dropping)).messageCount).toBe(1));
    expect(textOf(await take(dropping))).toBe('c');
  });
});

describe('an error', () => {
  test('closes its channel, with what was not confirmed there, and neither connection nor broker says more', async () => {
    const connectionSaid: string[] = [];
    for (const event of ['error', 'close']) connection.once(event, () => connectionSaid.push(event));
    const healthy = await connection.createChannel();
    const closed = new Promise((resolve) => channel.once('close', resolve));
    channel.publish('', await queueWith(), Buffer.from('a'));
    await expect(publish('x', 'b', {}, `${namespace}.nowhere`)).rejects.toThrow('channel closed');
    await closed;
    expect(() => channel.publish('', 'x', Buffer.from('c'))).toThrow('Channel closed');
    await healthy.checkQueue(queues[0]!);
    await healthy.close();
    expect(connectionSaid).toEqual([]);
  });

  test('is the answer to a queue that is declared again with other arguments, so these are final', async () => {
    const queue = await queueWith({ 'x-delivery-limit': 2 });
    const again = { durable: true, arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 3 } };
    await expect(channel.assertQueue(queue, again)).rejects.toMatchObject({ code: 406 });
  });
});

describe('a task', () => {
  test('that was not acknowledged comes again when its channel closes, marked as redelivered', async () => {
    const queue = await queueWith();
    await publish(queue, 'acked');
    await publish(queue, 'not acked');
    const first = await opened(connection.createChannel());
    const [acked] = await consumed(first, queue, 2);
    first.ack(acked!);
    await first.close();
    const [again] = await consumed(channel, queue, 1);
    expect([String(again!.content), again!.fields.redelivered]).toEqual(['not acked', true]);
  });

  test('that was not acknowledged comes again when its connection is lost', async () => {
    const broker = await tcpProxy(url);
    const lost = await connect(broker.url);
    lost.on('error', () => undefined);
    const queue = await queueWith();
    await publish(queue, 'a');
    await consumed(await opened(lost.createChannel()), queue, 1);
    await broker.stop();
    const [again] = await consumed(channel, queue, 1);
    expect([String(again!.content), again!.fields.redelivered]).toEqual(['a', true]);
  });

  test('taken without acknowledgements, as Nest does by default, is gone with its consumer', async () => {
    const queue = await queueWith();
    await publish(queue, 'a');
    const careless = await opened(connection.createChannel());
    await consumed(careless, queue, 1, { noAck: true });
    await careless.close();
    expect(await take(queue)).toBe(false);
  });

  test('is acknowledged by a number that means another task on another channel', async () => {
    const queue = await queueWith();
    await publish(queue, 'mine');
    await publish(queue, 'yours');
    await channel.prefetch(1);
    const other = await opened(connection.createChannel());
    await other.prefetch(1);
    const [mine] = await consumed(channel, queue, 1);
    const [yours] = await consumed(other, queue, 1);
    other.ack(mine!); // what a worker does that acks on "the present channel" after the old one was lost
    await expect(channelsEnd(other, () => other.ack(yours!))).resolves.toMatchObject({ code: 406 });
    await channel.close();
    const third = await opened(connection.createChannel());
    const [left] = await consumed(third, queue, 1);
    await third.close();
    expect(String(left!.content)).toBe('mine');
  });

  test('is one of at most as many in hand as the prefetch says', async () => {
    const queue = await queueWith();
    for (let n = 1; n <= 5; n += 1) await publish(queue, String(n));
    await channel.prefetch(2);
    const inHand = await consumed(channel, queue, 2);
    await eventually(async () => expect((await channel.checkQueue(queue)).messageCount).toBe(3));
    expect(inHand.map(({ content }) => String(content))).toEqual(['1', '2']);
    channel.ack(inHand[0]!);
    await eventually(() => expect(inHand).toHaveLength(3));
  });

  test('that is handed back more often than the delivery limit ends in the dead letter queue', async () => {
    const dead = await queueWith();
    const queue = await queueWith({ ...deadLettersTo(dead), 'x-delivery-limit': 2 });
    await publish(queue, 'poison');
    let deliveries = 0;
    await channel.consume(queue, (task) => {
      if (task === null) return;
      deliveries += 1;
      // Not nack: up to 4.2 both are counted, from 4.3 only this.
      channel.reject(task, true);
    });
    const [letter] = await consumed(await opened(connection.createChannel()), dead, 1);
    expect(letter).toMatchObject({
      content: Buffer.from('poison'),
      properties: { headers: { 'x-death': [{ queue, reason: 'delivery_limit', count: 1 }] } },
    });
    expect(deliveries).toBe(3);
  });
});

describe('the time to live of a queue', () => {
  test('brings a task back to the work queue as it was, with what happened to it in a header', async () => {
    const work = await queueWith();
    const rung = await queueWith({ ...deadLettersTo(work), 'x-message-ttl': 50 });
    const headers = { cartwheel_attempt: '2' };
    await publish(rung, 'again', { persistent: true, messageId: 'id', headers });
    const [back] = await consumed(channel, work, 1);
    expect(back).toMatchObject({
      content: Buffer.from('again'),
      properties: {
        deliveryMode: 2,
        messageId: 'id',
        headers: { ...headers, 'x-death': [{ queue: rung, reason: 'expired', count: 1 }] },
      },
    });
  });

  test('loses a task that finds no queue to come back to, unless it is at-least-once: then it keeps its place', async () => {
    const bounded = { ...deadLettersTo(`${namespace}.away`), 'x-message-ttl': 50, 'x-max-length': 1 };
    const atLeastOnce = await queueWith(bounded);
    const atMostOnce = await queueWith({ ...bounded, 'x-dead-letter-strategy': 'at-most-once' });
    for (const queue of [atLeastOnce, atMostOnce]) {
      await eventually(() => expect(publish(queue, 'a')).rejects.toThrow('message nacked'), { everyMs: 1 });
      // The broker counts only what waits for a consumer, and that has expired by now …
      await eventually(async () => expect((await channel.checkQueue(queue)).messageCount).toBe(0));
    }
    // … but the one queue is as full as before, and tries again every three minutes. The other is empty.
    await expect(publish(atLeastOnce, 'b')).rejects.toThrow('message nacked');
    await expect(publish(atMostOnce, 'b')).resolves.toBeUndefined();
  });

  test('is the same for all in it: a task with a short time of its own waits behind one with a long', async () => {
    const done = await queueWith();
    const ladder = await queueWith(deadLettersTo(done));
    const alone = await queueWith(deadLettersTo(done));
    await publish(ladder, 'long', { expiration: 60_000 });
    await publish(ladder, 'short', { expiration: 50 });
    await publish(alone, 'short', { expiration: 50 });
    await eventually(async () => expect((await channel.checkQueue(alone)).messageCount).toBe(0));
    expect((await channel.checkQueue(ladder)).messageCount).toBe(2);
  });
});

describe('a consumer', () => {
  test('whose queue is deleted is told by a delivery of null, and by nothing else', async () => {
    const queue = await queueWith();
    const told: unknown[] = [];
    for (const event of ['error', 'close']) channel.on(event, () => told.push(event));
    await channel.consume(queue, (message) => told.push(message));
    await connection.createChannel().then(async (other) => {
      await other.deleteQueue(queue);
      await other.close();
    });
    await eventually(() => expect(told).toEqual([null]));
    await channel.checkExchange('amq.topic'); // the channel is as well as before, and will never deliver anything
    expect(told).toEqual([null]);
  });

  test('or anybody who asks a broker that has fallen silent waits until the heartbeat ends the connection', async () => {
    const broker = await tcpProxy(url);
    const silent = await connect(`${broker.url}?heartbeat=1`);
    const ended = new Promise((resolve) => silent.once('error', resolve));
    const asking = await opened(silent.createChannel());
    broker.set('held');
    await expect(asking.checkExchange('amq.topic')).rejects.toThrow('no reply will be forthcoming');
    await expect(ended).resolves.toThrow('Heartbeat timeout');
    await broker.stop();
  });
});

/** As ours: with at-least-once a hop can lose nothing, and the broker wants reject-publish for that. */
function deadLettersTo(queue: string) {
  return {
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': queue,
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  };
}

async function queueWith(args: Record<string, unknown> = {}): Promise<string> {
  const queue = `${namespace}.${queues.length}.${Math.random()}`;
  const other = await connection.createChannel();
  await other.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum', ...args } });
  await other.close();
  queues.push(queue);
  return queue;
}

async function opened<C extends Channel>(opening: Promise<C>): Promise<C> {
  const open = await opening;
  open.on('error', () => undefined);
  return open;
}

/** Settles with what the broker answers: rejects when it says no. */
function publish(routingKey: string, content: string | Buffer, options: Options.Publish = {}, exchange = '') {
  return new Promise<void>((resolve, reject) => {
    channel.publish(exchange, routingKey, Buffer.from(content as string), options, (error: Error | null) =>
      error ? reject(error) : resolve(),
    );
  });
}

const textOf = (message: GetMessage | false) => message && String(message.content);
const take = (queue: string) => channel.get(queue, { noAck: true });

/** What a new consumer is given, once that is `count` messages; it grows when there are more. */
async function consumed(on: Channel, queue: string, count: number, options: Options.Consume = {}) {
  const messages: GetMessage[] = [];
  await on.consume(queue, (message) => message && messages.push(message as never), options);
  await eventually(() => expect(messages).toHaveLength(count));
  return messages;
}

function channelsEnd(of: Channel, after: () => void): Promise<unknown> {
  return new Promise((resolve) => {
    of.once('error', resolve);
    after();
  });
}
