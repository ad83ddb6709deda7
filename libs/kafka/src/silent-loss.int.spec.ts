import { topology } from '@cartwheel/contracts';
import { engines, eventually, kafkaApi, kafkaWire, testNamespace } from '@cartwheel/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Consumer, Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';
import { createKafka } from './client.ts';
import { KafkaPublisher } from './kafka-publisher.ts';
import { untilWritable } from './fixtures/writable.ts';
import { createTopics } from './topics.ts';

/*
 * How kafkajs 2.2.4 loses records that it was told are stored, and why KafkaPublisher is made as it is. The other way, at a
 * change of leaders, is in three-brokers.fault.spec.ts.
 *
 * An idempotent producer numbers its records per partition. The broker knows a repeat by its number: it answers OK and
 * stores nothing, because it has it already. Now one answer is lost on its way. The records are stored, but the send
 * fails, and kafkajs takes their numbers back. Its next send, of as many other records, goes out under the numbers of
 * the first. To the broker that is a repeat: OK. The records are nowhere, and nobody was told.
 */

const { brokers } = engines().kafka;
const kafka = createKafka(brokers, 'test');
const names = topology(testNamespace(), { partitions: 1 });
const topic = names.topic('order-events');
const received: { key: string; value: string }[] = [];
const opened: { close(): Promise<void> }[] = [];
let reader: Consumer;

beforeAll(async () => {
  await createTopics(kafka, names);
  await untilWritable(kafka, topic);
  // A broker of a moment ago may have no coordinator yet.
  const patient = new Kafka({ brokers, retry: { retries: 20 }, logLevel: logLevel.NOTHING });
  reader = patient.consumer({ groupId: names.groupId('email'), maxWaitTimeInMs: 50 });
  await reader.connect();
  await reader.subscribe({ topic, fromBeginning: true });
  await reader.run({
    eachMessage: ({ message: { key, value } }) =>
      Promise.resolve(void received.push({ key: String(key), value: String(value) })),
  });
});
afterEach(async () => {
  for (const client of opened.splice(0).toReversed()) await client.close();
});
afterAll(() => reader.disconnect());

describe('the idempotent producer of kafkajs, when the answer to a send was lost,', () => {
  test('is answered OK for its next records, which are nowhere', async () => {
    const { send } = await stockProducer('stock', losing(2));
    await expect(send('first')).rejects.toThrow(/connection was lost/);
    await expect(send('second')).resolves.toMatchObject([{ errorCode: 0 }]);
    await expect(send('third')).resolves.toMatchObject([{ errorCode: 0 }]);
    expect(await storedUpTo('stock', 'third')).toEqual(['first', 'third']);
  });

  test('loses them also after it was disconnected and connected again', async () => {
    const { send, producer } = await stockProducer('reconnected', losing(2));
    await expect(send('first')).rejects.toThrow(/connection was lost/);
    await producer.disconnect();
    await producer.connect();
    await expect(send('second')).resolves.toMatchObject([{ errorCode: 0 }]);
    await expect(send('third')).resolves.toMatchObject([{ errorCode: 0 }]);
    expect(await storedUpTo('reconnected', 'third')).toEqual(['first', 'third']);
  });

  test('and two sends were under way, stores one twice and the other never, and fails neither', async () => {
    const { send } = await stockProducer('at once', losing(1));
    await expect(Promise.all([send('first'), send('second')])).resolves.toMatchObject([
      [{ errorCode: 0 }],
      [{ errorCode: 0 }],
    ]);
    await send('third');
    const [one, other] = await storedUpTo('at once', 'third');
    expect(other).toBe(one);
  });
});

describe('KafkaPublisher, on the same wire,', () => {
  test('fails once, and what is sent next is stored', async () => {
    const publish = publisher('ours', losing(1));
    await expect(publish('first')).rejects.toThrow(/connection was lost/);
    await publish('second');
    await publish('third');
    expect(await storedUpTo('ours', 'third')).toEqual(['first', 'second', 'third']);
  });

  test('tells the sender of each loss, so that it sends again, and nothing that was confirmed is missing', async () => {
    const publish = publisher('again', losing(3));
    const confirmed: string[] = [];
    for (const value of ['first', 'second', 'third', 'fourth']) {
      for (let attempts = 1; ; attempts += 1) {
        const published = await publish(value).catch(() => undefined);
        if (published) break;
        expect(attempts).toBeLessThan(5);
      }
      confirmed.push(value);
    }
    expect(new Set(await storedUpTo('again', 'fourth'))).toEqual(new Set(confirmed));
  });

  test('sends one after the other: of two that were handed over at once the first fails and the second is stored', async () => {
    const publish = publisher('ours at once', losing(1));
    const ends = await Promise.allSettled([publish('first'), publish('second')]);
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    await publish('third');
    expect(await storedUpTo('ours at once', 'third')).toEqual(['first', 'second', 'third']);
  });
});

/** A cluster to which the connection breaks after it stored what it was sent, and before it answers. */
function losing(answers: number): Kafka {
  let requests = 0;
  const { socketFactory, open } = kafkaWire((api) =>
    api === kafkaApi.produce && ++requests <= answers ? 'lose the connection' : undefined,
  );
  // kafkajs forgets a connection when two sends open one at once.
  opened.push({ close: () => Promise.resolve(open.forEach((socket) => socket.destroy())) });
  // A send makes two attempts. kafkajs' default of six only takes a longer outage.
  const retry = { retries: 1, initialRetryTime: 100 };
  return new Kafka({ brokers, socketFactory, retry, logLevel: logLevel.NOTHING });
}

/** kafkajs as its documentation recommends it: idempotent, all acks, one request in flight. */
async function stockProducer(key: string, cluster: Kafka) {
  const createPartitioner = Partitioners.DefaultPartitioner;
  const producer: Producer = cluster.producer({ idempotent: true, maxInFlightRequests: 1, createPartitioner });
  await producer.connect();
  opened.push({ close: () => producer.disconnect() });
  return { producer, send: (value: string) => producer.send({ topic, acks: -1, messages: [{ key, value }] }) };
}

function publisher(key: string, cluster: Kafka) {
  const ours = new KafkaPublisher(cluster);
  opened.push(ours);
  return (value: string) =>
    ours.publish([{ seq: '1', destination: topic, key: Buffer.from(key), headers: {}, payload: Buffer.from(value) }]);
}

/** The values stored under a key, once `last` is there: the topic has one partition, so nothing can come after. */
function storedUpTo(key: string, last: string): Promise<string[]> {
  return eventually(() => {
    const values = received.filter((record) => record.key === key).map(({ value }) => value);
    expect(values).toContain(last);
    return values;
  });
}
