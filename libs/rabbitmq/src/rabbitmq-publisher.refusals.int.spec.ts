import { topology } from '@cartwheel/contracts';
import { newId } from '@cartwheel/primitives';
import { engines, tcpProxy, type TcpProxy, testNamespace } from '@cartwheel/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { NOT_CARRIED } from './carried.ts';
import { declareTopology } from './declare.ts';
import { type RabbitmqMessage, RabbitmqPublisher } from './rabbitmq-publisher.ts';

const { url } = engines().rabbitmq;
const names = topology(testNamespace());
const internal = `${names.namespace}.internal`;
let connection: ChannelModel;
let channel: Channel;
let broker: TcpProxy;
let publisher: RabbitmqPublisher;
/** How many connections were opened through the proxy so far. */
let opened: number;

beforeAll(async () => {
  await declareTopology(url, names);
  connection = await connect(url);
  channel = await connection.createChannel();
  await channel.assertExchange(internal, 'fanout', { internal: true });
});
afterAll(() => connection.close());
beforeEach(async () => {
  opened = 0;
  broker = await tcpProxy(url, {
    answer(bytes) {
      // connection.start, the first method on each connection: class 10, method 10
      if (bytes.indexOf(Buffer.from([0, 10, 0, 10])) === 7) opened += 1;
      return bytes;
    },
  });
  publisher = new RabbitmqPublisher(broker.url, 'test', { deadlineMs: 5_000 });
});
afterEach(async () => {
  await publisher.close();
  await broker.stop();
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

describe('what no connection can carry', () => {
  test.each<[string, Partial<RabbitmqMessage>]>([
    ['headers of more than amqplib encodes', { headers: { big: 'x'.repeat(65_536) } }],
    ['many headers that are so together', { headers: { list: Array.from({ length: 700 }, () => 'x'.repeat(100)) } }],
    ['a header whose name is too long', { headers: { ['x'.repeat(256)]: '1' } }],
    ['a header that is no number', { headers: { number: NaN } }],
    ['a header of an unknown type', { headers: { odd: { '!': 'odd', value: 1 } } }],
    ['an id that is too long', { id: 'x'.repeat(256) }],
    ['a type that is too long', { type: 'é'.repeat(128) }],
    ['a correlation id that is too long', { headers: { ce_correlationid: 'x'.repeat(256) } }],
    ['a routing key that is too long', { routingKey: 'x'.repeat(256) }],
  ])('is named and not sent, and its neighbours are confirmed: %s', async (...[, change]) => {
    await publisher.publish([message('before')]);
    const [beside, answer] = await Promise.all([
      publisher.publish([message('beside')]),
      publisher.publish([message('a'), message('bad', change), message('b')]),
    ]);
    expect(beside.confirmed).toEqual(['beside']);
    expect({ ...answer, confirmed: answer.confirmed.toSorted() }).toEqual({
      confirmed: ['a', 'b'],
      unroutable: [],
      refused: [{ ref: 'bad', reason: NOT_CARRIED }],
      resting: [],
    });
    expect(opened).toBe(1);
  });

  test('is also what does not fit a frame of this broker, which would close the connection', async () => {
    const narrow = new RabbitmqPublisher(`${broker.url}?frameMax=8192`, 'test', { deadlineMs: 5_000 });
    const large = message('large', { headers: { big: 'x'.repeat(8_192) } });
    const answer = await narrow.publish([message('a'), large, message('b')]);
    expect({ ...answer, confirmed: answer.confirmed.toSorted() }).toMatchObject({
      confirmed: ['a', 'b'],
      refused: [{ ref: 'large' }],
    });
    expect(opened).toBe(1);
    await narrow.close();
  });

  test('is not one whose headers just fit', async () => {
    const narrow = new RabbitmqPublisher(`${broker.url}?frameMax=8192`, 'test', { deadlineMs: 5_000 });
    const fits = message('fits', { headers: { big: 'x'.repeat(7_100) }, type: 't'.repeat(255), id: 'i'.repeat(255) });
    expect(await narrow.publish([fits])).toMatchObject({ confirmed: ['fits'] });
    await narrow.close();
  });
});

describe('an exchange that takes nothing', () => {
  test.each([
    ['is missing', `${names.namespace}.nowhere`, 'there is no such exchange'],
    ['is not for us', internal, 'this user may not write to it'],
  ])('because it %s is named, and takes no confirm of others with it', async (...[, exchange, reason]) => {
    await publisher.publish([message('before')]);
    const messages = Array.from({ length: 200 }, (_, n) => message(String(n)));
    const [beside, answer] = await Promise.all([
      publisher.publish(messages),
      publisher.publish([message('misled', { exchange }), message('fine')]),
    ]);
    expect(beside.confirmed).toHaveLength(200);
    expect(answer).toEqual({ confirmed: ['fine'], unroutable: [], refused: [], resting: [{ exchange, reason }] });
    expect(opened).toBe(1);
  });
});
