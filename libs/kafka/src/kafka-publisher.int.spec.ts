import { topology } from '@cartwheel/contracts';
import { engines, eventually, kafkaApi, kafkaWire, testNamespace } from '@cartwheel/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Consumer, Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import { createKafka } from './client.ts';
import { KafkaPublisher, type KafkaRow } from './kafka-publisher.ts';
import { createTopics } from './topics.ts';

const { brokers } = engines().kafka;
const kafka = createKafka(brokers, 'test');
const names = topology(testNamespace(), { partitions: 3 });
const topic = names.topic('order-events');
const received: KafkaMessage[] = [];
let consumer: Consumer;
let publisher: KafkaPublisher;

beforeAll(async () => {
  await createTopics(kafka, names);
  publisher = new KafkaPublisher(kafka);
  consumer = kafka.consumer({ groupId: names.groupId('email'), maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachMessage: ({ message }) => Promise.resolve(void received.push(message)) });
});
afterAll(() => Promise.all([publisher.close(), consumer.disconnect()]));

let seq = 0;
function row(key: string, value: string, change: Partial<KafkaRow> = {}): KafkaRow {
  seq += 1;
  return {
    seq: String(seq),
    destination: topic,
    key: Buffer.from(key),
    headers: {},
    payload: Buffer.from(value),
    ...change,
  };
}

/** The values stored for a key, once `last` is among them: a key stays in its partition, so nothing can come after. */
async function valuesOf(key: string, last: string): Promise<string[]> {
  return eventually(() => {
    const values = received.filter((record) => record.key?.toString() === key).map(({ value }) => String(value));
    expect(values).toContain(last);
    return values;
  });
}

describe('rows', () => {
  test('of one key arrive in the order they were handed over, whatever stands between them', async () => {
    const rows = Array.from({ length: 30 }, (_, n) => row(n % 3 ? 'between' : 'ordered', String(n)));
    expect(await publisher.publish(rows.slice(0, 20))).toEqual({ confirmed: rows.slice(0, 20).map((r) => r.seq) });
    await publisher.publish(rows.slice(20));
    expect(await valuesOf('ordered', '27')).toEqual(['0', '3', '6', '9', '12', '15', '18', '21', '24', '27']);
  });

  test('arrive byte for byte, also what is no text', async () => {
    const bytes = Buffer.from([0, 0xff, 0xfe, 0x80]);
    const headers = { ce_id: 'é', foreign: { base64: bytes.toString('base64') }, '': '' };
    await publisher.publish([row('', '', { key: bytes, payload: bytes, headers })]);
    const record = await eventually(() => {
      const found = received.find(({ key }) => key?.equals(bytes));
      expect(found).toBeDefined();
      return found!;
    });
    expect(record.value).toEqual(bytes);
    expect(record.headers).toEqual({ ce_id: Buffer.from('é'), foreign: bytes, '': Buffer.alloc(0) });
  });

  test('without a key and without a value arrive as such', async () => {
    await publisher.publish([row('', '', { key: null, payload: null, headers: { ce_id: 'nothing' } })]);
    await eventually(() => {
      expect(received.filter(({ headers }) => headers?.['ce_id']?.toString() === 'nothing')).toMatchObject([
        { key: null, value: null },
      ]);
    });
  });
});

describe('a send that fails', () => {
  test('for one unknown topic stores none of its rows, and the next send works', async () => {
    const unknown = row('none', '', { destination: `${names.namespace}.nowhere` });
    await expect(publisher.publish([row('none', 'refused'), unknown])).rejects.toThrow();
    await publisher.publish([row('none', 'after')]);
    expect(await valuesOf('none', 'after')).toEqual(['after']);
  });

  test('because its time was over is given up, and leaves no connection behind', async () => {
    const { kafka: wire, open, produced } = losing();
    const slow = new KafkaPublisher(wire, { deadlineMs: 1_000 });
    await expect(slow.publish([row('late', 'slow')])).rejects.toThrow('the send to Kafka took longer than 1000 ms');
    await slow.publish([row('late', 'last')]);
    await slow.close();
    await eventually(() => expect(produced()).toBe(3));
    await eventually(() => expect(open.size).toBe(0));
    expect(await valuesOf('late', 'last')).toContain('slow');
  });
});

/** A cluster whose first answer to a produce request never arrives. */
function losing() {
  let requests = 0;
  const { socketFactory, open } = kafkaWire((api) =>
    api === kafkaApi.produce && ++requests === 1 ? 'lose the answer' : undefined,
  );
  const retry = { retries: 1, initialRetryTime: 100 };
  const options = { brokers, socketFactory, requestTimeout: 2_000, retry, logLevel: logLevel.NOTHING };
  return { kafka: new Kafka(options), open, produced: () => requests };
}
