import { topology } from '@cartwheel/contracts';
import { delay } from '@cartwheel/primitives';
import { engines, eventually, kafkaApi, kafkaWire, testNamespace } from '@cartwheel/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Consumer, Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import { createKafka, METADATA_MAX_AGE_MS } from './client.ts';
import { KafkaPublisher, type KafkaRow } from './kafka-publisher.ts';
import { untilWritable } from './fixtures/writable.ts';
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
  await untilWritable(kafka, topic);
  publisher = new KafkaPublisher(kafka);
  // A broker of a moment ago may have no coordinator yet.
  const patient = new Kafka({ brokers, retry: { retries: 20 }, logLevel: logLevel.NOTHING });
  consumer = patient.consumer({ groupId: names.groupId('email'), maxWaitTimeInMs: 50 });
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
    expect(await publisher.publish(rows.slice(0, 20))).toEqual({
      confirmed: rows.slice(0, 20).map((r) => r.seq),
      refused: [],
      resting: [],
    });
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
  test('because nobody answers throws, and the next send works', async () => {
    const { kafka: wire } = losing('lose the connection');
    const broken = new KafkaPublisher(wire);
    await expect(broken.publish([row('broken', 'first')])).rejects.toThrow();
    await broken.publish([row('broken', 'after')]);
    await broken.close();
    expect(await valuesOf('broken', 'after')).toEqual(['first', 'after']);
  });

  test('because its time was over is given up, and leaves no connection behind', async () => {
    const { kafka: wire, open, produced } = losing();
    const slow = new KafkaPublisher(wire, { deadlineMs: 1_000 });
    await expect(slow.publish([row('late', 'slow')])).rejects.toThrow('the send to Kafka took longer than 1000 ms');
    await slow.publish([row('late', 'last')]);
    await slow.close();
    await eventually(() => expect(produced()).toBe(2));
    await eventually(() => expect(open.size).toBe(0));
    expect(await valuesOf('late', 'last')).toContain('slow');
  });
});

describe('what Kafka refuses', () => {
  const refusedOf = (rows: readonly KafkaRow[], reason: string) => rows.map(({ seq }) => ({ seq, reason }));
  const tooLarge = 'larger than the topic takes (max.message.bytes)';
  const confirmedOf = (rows: readonly KafkaRow[]) => rows.map(({ seq }) => seq);

  test('for a topic that is gone rests alone, and every other row is stored, once', async () => {
    const gone = row('apart', '', { destination: `${names.namespace}.nowhere` });
    const good = [row('apart', 'first'), row('apart', 'second')];
    const published = await publisher.publish([good[0]!, gone, good[1]!]);
    expect(published).toEqual({
      confirmed: confirmedOf(good),
      refused: [],
      resting: [{ destination: gone.destination, reason: 'the topic does not exist' }],
    });
    await publisher.publish([row('apart', 'last')]);
    expect(await valuesOf('apart', 'last')).toEqual(['first', 'second', 'last']);
  });

  test('for a topic that was deleted, which it wrote to before, takes no other topic with it', async () => {
    const admin = kafka.admin();
    await admin.connect();
    const doomed = `${names.namespace}.doomed`;
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic: doomed, numPartitions: 1 }] });
    await eventually(() => admin.fetchTopicMetadata({ topics: [doomed] }));
    const both = () => [row('doomed', 'x', { destination: doomed }), row('survivor', 'x')];
    expect((await publisher.publish(both())).confirmed).toHaveLength(2);
    await admin.deleteTopics({ topics: [doomed] });
    await eventually(async () => expect(await admin.listTopics()).not.toContain(doomed));
    await admin.disconnect();
    // Longer than what it knows of the topics stays fresh.
    const until = Date.now() + METADATA_MAX_AGE_MS * 1.5;
    const ends: unknown[] = [];
    for (let n = 0; Date.now() < until; n += 1) {
      const rows = n % 2 ? both() : [row('survivor', 'x')];
      const { confirmed, resting } = await publisher.publish(rows);
      ends.push([confirmed.includes(rows.at(-1)!.seq), resting.map(({ destination }) => destination)]);
      await delay(50);
    }
    expect(ends).toEqual(ends.map((_, n) => [true, n % 2 ? [doomed] : []]));
  });

  test('because it is too large is named alone; what shares its partition is stored, once and in order', async () => {
    const large = row('large', 'x'.repeat(1_100_000));
    const before = [row('large', 'before'), row('neighbour', 'before')];
    const others = ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => row(`other ${key}`, 'good'));
    const behind = row('large', 'behind');
    const published = await publisher.publish([...before, large, behind, ...others, row('neighbour', 'after')]);
    expect(published.refused).toEqual(refusedOf([large], tooLarge));
    expect(published.resting).toEqual([]);
    // Behind a row that is refused its key waits: whoever keeps the refused one decides.
    expect(published.confirmed).not.toContain(behind.seq);
    expect(published.confirmed).toHaveLength(before.length + others.length + 1);
    expect(await valuesOf('neighbour', 'after')).toEqual(['before', 'after']);
    await publisher.publish([row('large', 'at last')]);
    expect(await valuesOf('large', 'at last')).toEqual(['before', 'at last']);
    for (const { key } of others) expect(await valuesOf(String(key), 'good')).toEqual(['good']);
  });
});

/** A cluster whose first answer to a produce request never arrives. */
function losing(loss: 'lose the answer' | 'lose the connection' = 'lose the answer') {
  let requests = 0;
  const { socketFactory, open } = kafkaWire((api) => (api === kafkaApi.produce && ++requests === 1 ? loss : undefined));
  const retry = { retries: 1, initialRetryTime: 100 };
  const options = { brokers, socketFactory, requestTimeout: 2_000, retry, logLevel: logLevel.NOTHING };
  return { kafka: new Kafka(options), open, produced: () => requests };
}
