import { topology } from '@cartwheel/contracts';
import { newId } from '@cartwheel/primitives';
import { engines, eventually, tcpProxy, type TcpProxy, testNamespace } from '@cartwheel/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Channel, type ChannelModel, connect, type GetMessage } from 'amqplib';
import { declareTopology } from './declare.ts';
import { type RabbitmqMessage, RabbitmqPublisher } from './rabbitmq-publisher.ts';

const { url } = engines().rabbitmq;
const names = topology(testNamespace());
const queue = names.queue('email.message');
let connection: ChannelModel;
let channel: Channel;
let broker: TcpProxy;
let publisher: RabbitmqPublisher;
const nothingElse = { unroutable: [], refused: [], resting: [] };

beforeAll(async () => {
  await declareTopology(url, names);
  connection = await connect(url);
  channel = await connection.createChannel();
});
afterAll(() => connection.close());
beforeEach(async () => {
  broker = await tcpProxy(url);
  publisher = new RabbitmqPublisher(broker.url, 'test', { deadlineMs: 1_000 });
});
afterEach(async () => {
  await publisher.close();
  await eventually(() => expect(broker.clients).toBe(0)); // no connection is left behind, whatever happened
  await broker.stop();
  await channel.purgeQueue(queue);
});

function message(ref: string, change: Partial<RabbitmqMessage> = {}): RabbitmqMessage {
  return {
    ref,
    exchange: names.exchange,
    routingKey: 'email.message.send',
    headers: { ce_id: ref },
    content: Buffer.from(ref),
    id: newId(),
    type: 'SendEmail',
    ...change,
  };
}

async function stored(): Promise<GetMessage[]> {
  const messages: GetMessage[] = [];
  for (let next; (next = await channel.get(queue, { noAck: true }));) messages.push(next);
  return messages;
}

describe('a confirmed message', () => {
  test('is in the queue, persistent, with all it was given', async () => {
    const content = Buffer.from([0, 0xff, 0xfe]);
    const sent = message('a', { content, headers: { ce_id: 'é', ce_correlationid: 'c' } });
    expect(await publisher.publish([sent])).toEqual({ confirmed: ['a'], ...nothingElse });
    expect(await stored()).toMatchObject([
      {
        content,
        properties: {
          deliveryMode: 2,
          messageId: sent.id,
          type: 'SendEmail',
          correlationId: 'c',
          contentType: 'application/json',
          headers: sent.headers,
        },
      },
    ]);
  });

  test('is one that a queue is bound for; the others are named unroutable', async () => {
    const lost = message('lost', { routingKey: 'email.nobody' });
    const answer = await publisher.publish([message('a'), lost, message('b')]);
    expect({ ...answer, confirmed: answer.confirmed.toSorted() }).toEqual({
      ...nothingElse,
      confirmed: ['a', 'b'],
      unroutable: ['lost'],
    });
    // The same message, once there is a queue for it.
    expect(await publisher.publish([{ ...lost, routingKey: 'email.message.send' }])).toMatchObject({
      confirmed: ['lost'],
    });
  });
});

describe('nothing is confirmed', () => {
  test('by an exchange that does not exist, and the next publish works', async () => {
    const misled = message('misled', { exchange: `${names.namespace}.nowhere` });
    expect(await publisher.publish([misled])).toEqual({
      confirmed: [],
      ...nothingElse,
      resting: [{ exchange: misled.exchange, reason: 'there is no such exchange' }],
    });
    expect(await publisher.publish([message('next')])).toMatchObject({ confirmed: ['next'] });
    await eventually(() => expect(broker.clients).toBe(1));
    expect(await publisher.publish([message('last')])).toMatchObject({ confirmed: ['last'] });
  });

  test('by a broker that the connection to is cut while it answers, and the next publish works', async () => {
    await publisher.publish([message('before')]);
    broker.set('held');
    const publishing = publisher.publish([message('unanswered')]);
    await eventually(async () => expect((await channel.checkQueue(queue)).messageCount).toBe(2));
    broker.cut();
    expect(await publishing).toEqual({ confirmed: [], ...nothingElse });
    broker.set('open');
    expect(await publisher.publish([message('after')])).toMatchObject({ confirmed: ['after'] });
    expect((await stored()).map(({ content }) => content.toString())).toEqual(['before', 'unanswered', 'after']);
  });

  test('by a broker that does not answer in time, and the next publish works', async () => {
    await publisher.publish([message('before')]);
    broker.set('held');
    const begun = Date.now();
    await expect(publisher.publish([message('late')])).rejects.toThrow('the confirms of RabbitMQ took longer than');
    // It was given 1 s, and 3 s to say goodbye: nobody waits for that.
    expect(Date.now() - begun).toBeLessThan(3_500);
    broker.set('open');
    expect(await publisher.publish([message('after')])).toMatchObject({ confirmed: ['after'] });
  });

  test('while the broker is away, and the next publish works', async () => {
    broker.set('closed');
    await expect(publisher.publish([message('refused')])).rejects.toThrow();
    broker.set('open');
    expect(await publisher.publish([message('after')])).toMatchObject({ confirmed: ['after'] });
  });
});

test('a broker that takes nothing is handed no more than the socket holds, and the rest once it does', async () => {
  const patient = new RabbitmqPublisher(broker.url, 'patient', { deadlineMs: 40_000 });
  await patient.publish([message('before')]);
  broker.set('stalled');
  let handed = 0;
  const content = Buffer.alloc(10_000);
  const messages = Array.from({ length: 3_000 }, (_, n) =>
    Object.defineProperty(message(String(n)), 'content', { get: () => ((handed += 1), content) }),
  );
  const publishing = patient.publish(messages);
  await eventually(() => expect(handed).toBeGreaterThan(0));
  expect(handed).toBeLessThan(messages.length);
  broker.set('open');
  expect((await publishing).confirmed).toHaveLength(messages.length);
  await patient.close();
});

test('a broker that blocks publishers is sent nothing until it lifts that, or the connection ends', async () => {
  const blocks = async () => {
    broker.say(connectionMethod(60, Buffer.from('\x03low')));
    await eventually(() => expect(publisher.publish([message('blocked')])).rejects.toThrow(/blocks publishers: low/));
    await channel.purgeQueue(queue);
    await expect(publisher.publish([message('blocked')])).rejects.toThrow();
    expect((await channel.checkQueue(queue)).messageCount).toBe(0);
  };
  await publisher.publish([message('before')]);
  await blocks();
  broker.say(connectionMethod(61));
  await eventually(() => expect(publisher.publish([message('a')])).resolves.toMatchObject({ confirmed: ['a'] }));
  await blocks();
  broker.cut();
  await eventually(() => expect(publisher.publish([message('b')])).resolves.toMatchObject({ confirmed: ['b'] }));
});

/** A method of the connection as the broker sends it: a real memory alarm would stop everybody on these engines. */
function connectionMethod(method: number, fields = Buffer.alloc(0)): Buffer {
  const header = Buffer.from([1, 0, 0, 0, 0, 0, 4 + fields.length, 0, 10, 0, method]);
  return Buffer.concat([header, fields, Buffer.from([0xce])]);
}
