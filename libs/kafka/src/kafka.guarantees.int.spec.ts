import { topology } from '@cartwheel/contracts';
import { engines, eventually, kafkaApi, kafkaWire, testNamespace } from '@cartwheel/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import kafkajs, { type Consumer, type EachBatchPayload, type KafkaMessage, type Producer } from 'kafkajs';
import { createTopics } from './topics.ts';

/*
 * The ground we stand on: each thing that this repository relies on Kafka for, and each trap of its client that we walk
 * around, as one test with nothing but kafkajs and a broker. (The worst trap has a suite of its own: silent-loss.int.spec.ts.)
 */

const { Kafka, Partitioners, ConfigResourceTypes, logLevel } = kafkajs;
const { brokers } = engines().kafka;
const options = { brokers, clientId: 'test', logLevel: logLevel.NOTHING, retry: { retries: 4, initialRetryTime: 50 } };
const kafka = new Kafka(options);
const createPartitioner = Partitioners.DefaultPartitioner;
const admin = kafka.admin();
const namespace = testNamespace();
const running: Consumer[] = [];
let producer: Producer;

beforeAll(async () => {
  producer = kafka.producer({ createPartitioner, allowAutoTopicCreation: false });
  await Promise.all([admin.connect(), producer.connect()]);
});
afterEach(() => Promise.all(running.splice(0).map((consumer) => consumer.disconnect())));
afterAll(() => Promise.all([admin.disconnect(), producer.disconnect()]));

describe('a topic', () => {
  test('is not made by writing to it or by reading it', async () => {
    const topic = `${namespace}.undeclared`;
    const permissive = kafka.producer({ createPartitioner, allowAutoTopicCreation: true });
    await permissive.connect();
    await expect(permissive.send({ topic, messages: [{ value: 'a' }] })).rejects.toThrow(/does not host this topic/);
    await permissive.disconnect();
    const consumer = member('reader', { allowAutoTopicCreation: true });
    await consumer.connect();
    await expect(consumer.subscribe({ topic })).rejects.toThrow(/does not host this topic/);
    expect(await admin.listTopics()).not.toContain(topic);
  });

  test('has the retention and the size that the topology gives it, not the defaults of the broker', async () => {
    const names = topology(namespace, { partitions: 1 });
    await createTopics(new Kafka(options), names);
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: names.topics.map(({ name, config }) => ({
        type: ConfigResourceTypes.TOPIC,
        name,
        configNames: Object.keys(config),
      })),
    });
    const actual = resources.map(({ resourceName, configEntries }) => ({
      name: resourceName,
      config: Object.fromEntries(configEntries.map((entry) => [entry.configName, entry.configValue])),
    }));
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
    expect(actual.toSorted(byName)).toEqual(
      names.topics.map(({ name, config }) => ({ name, config })).toSorted(byName),
    );
    expect(actual.map(({ config }) => config['retention.ms'])).toEqual(names.topics.map(() => '-1'));
  });

  test('bounds the batch, not the record: what is too much at once is refused whole, and fits one by one', async () => {
    const small = await topicOf(1, { 'max.message.bytes': '10000' });
    const three = Array.from({ length: 3 }, () => ({ value: 'x'.repeat(4_000) }));
    await expect(producer.send({ topic: small, messages: three })).rejects.toThrow(/larger than the max/);
    expect(await endOf(small)).toEqual(['0']);
    for (const message of three) await producer.send({ topic: small, messages: [message] });
    expect(await endOf(small)).toEqual(['3']);
    const larger = await topicOf(1, { 'max.message.bytes': '20000' }); // a dead letter is more than its original
    await producer.send({ topic: larger, messages: three });
    expect(await endOf(larger)).toEqual(['3']);
  });
});

describe('a record', () => {
  test('stands in one partition with all of its key, in the order they were sent', async () => {
    const topic = await topicOf(3);
    const keys = ['a', 'b', 'c', 'd', 'e'];
    for (let round = 0; round < 20; round += 1) {
      await producer.send({ topic, messages: keys.map((key) => ({ key, value: String(round) })) });
    }
    const records = await readAll(topic, 100);
    for (const key of keys) {
      const ofKey = records.filter(({ message }) => String(message.key) === key);
      expect(new Set(ofKey.map(({ partition }) => partition)).size).toBe(1);
      expect(ofKey.map(({ message }) => Number(message.value))).toEqual([...Array(20).keys()]);
    }
  });

  // From the tests of the Java client (UtilsTest.testMurmur2): a producer in any language puts a key where ours does.
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['abc', 479470107],
  ])('with the key %s stands where every other client would put it', async (...[key, murmur2]) => {
    const topic = await topicOf(12);
    const [sent] = await producer.send({ topic, messages: [{ key, value: '' }] });
    expect(sent!.partition).toBe((murmur2 & 0x7fffffff) % 12);
  });

  test('goes elsewhere than those before it once partitions are added, so their number is final', async () => {
    const topic = await topicOf(2);
    const [before] = await producer.send({ topic, messages: [{ key: 'foobar', value: '' }] });
    await admin.createPartitions({ topicPartitions: [{ topic, count: 12 }] });
    const after = await eventually(async () => {
      const later = kafka.producer({ createPartitioner });
      await later.connect();
      const [sent] = await later.send({ topic, messages: [{ key: 'foobar', value: '' }] });
      await later.disconnect();
      expect(sent!.partition).not.toBe(before!.partition);
      return sent!;
    });
    expect([before!.partition, after.partition]).toEqual([0, 6]);
  });

  test('comes back byte for byte: null, nothing and what is no text, in key, value and headers', async () => {
    const topic = await topicOf(1);
    const bytes = Buffer.from([0, 0xff, 0xfe, 0x80]);
    const headers = { é: bytes, '': Buffer.alloc(0) };
    await producer.send({
      topic,
      messages: [
        { key: bytes, value: bytes, headers },
        { key: null, value: null },
        { key: '', value: '' },
      ],
    });
    expect((await readAll(topic, 3)).map(({ message }) => message)).toMatchObject([
      { key: bytes, value: bytes, headers },
      { key: null, value: null, headers: {} },
      { key: Buffer.alloc(0), value: Buffer.alloc(0) },
    ]);
  });
});

describe('a send', () => {
  test('that all in-sync replicas acknowledged is in the log, at the offset that the answer names', async () => {
    const topic = await topicOf(1);
    for (const offset of ['0', '2', '4']) {
      const answer = await producer.send({ topic, acks: -1, messages: [{ value: 'a' }, { value: 'b' }] });
      expect(answer).toMatchObject([{ partition: 0, errorCode: 0, baseOffset: offset }]);
      expect(await endOf(topic)).toEqual([String(Number(offset) + 2)]);
    }
  });

  test('with acks 0 succeeds although the broker refuses it, so ours has -1', async () => {
    const topic = await topicOf(1, { 'max.message.bytes': '1000' });
    const refused = { topic, messages: [{ value: 'x'.repeat(2_000) }] };
    await expect(producer.send({ ...refused, acks: 0 })).resolves.toEqual([]);
    await expect(producer.send({ ...refused, acks: -1 })).rejects.toThrow(/larger than the max/);
    expect(await endOf(topic)).toEqual(['0']);
  });

  test('is a request of its own, however little is in it; a batch for many topics is one', async () => {
    let requests = 0;
    const { socketFactory } = kafkaWire((api) => void (requests += api === kafkaApi.produce ? 1 : 0));
    const watched = new Kafka({ ...options, socketFactory }).producer({ createPartitioner });
    await watched.connect();
    const topics = await Promise.all([topicOf(3), topicOf(3), topicOf(3)]);
    const messages = [{ value: 'a' }, { value: 'b' }];
    for (const topic of topics) await watched.send({ topic, messages });
    expect(requests).toBe(3);
    await watched.sendBatch({ topicMessages: topics.map((topic) => ({ topic, messages })) });
    expect(requests).toBe(4);
    await watched.disconnect();
  });
});

describe('an offset', () => {
  test('that was committed is where the next member of the group starts, and means nothing to another group', async () => {
    const topic = await topicOf(1);
    await send(topic, 0, 'a', 'b', 'c');
    await commit('orders', topic, '1');
    expect(await firstSeenBy('orders', topic)).toBe('b');
    expect(await firstSeenBy('mails', topic)).toBe('a');
  });

  test('that the log does not have is replaced without a word: by its end, or with fromBeginning by its start', async () => {
    const topic = await topicOf(1);
    await send(topic, 0, 'a');
    const seen: Record<string, string[]> = { end: [], start: [] };
    for (const [group, values] of Object.entries(seen)) {
      await commit(group, topic, '1000');
      await run(member(group), topic, {
        fromBeginning: group === 'start',
        eachBatch: async ({ batch }) => void values.push(...valuesOf(batch.messages)),
      });
    }
    await eventually(async () => {
      await send(topic, 0, 'later');
      expect(new Set(seen['end'])).toEqual(new Set(['later']));
      expect(new Set(seen['start'])).toEqual(new Set(['a', 'later']));
    });
  });
});

describe('a member of a group', () => {
  test('that is heard of no more loses its partitions, and what it had not committed comes again elsewhere', async () => {
    const topic = await topicOf(2);
    await send(topic, 0, 'a');
    await send(topic, 1, 'b');
    const { promise: stuck, resolve: release } = Promise.withResolvers<void>();
    const { promise: taken, resolve: take } = Promise.withResolvers<EachBatchPayload>();
    // As a crash looks to the broker. kafkajs sends no heartbeat by itself while a batch is worked on.
    const silent = member('group');
    await run(silent, topic, { autoCommit: false, eachBatch: async (batch) => (take(batch), stuck) });
    const zombie = await taken;

    const inherited: string[] = [];
    const heir = member('group');
    await run(heir, topic, { eachBatch: async ({ batch }) => void inherited.push(...valuesOf(batch.messages)) });
    await eventually(() => expect(inherited.toSorted()).toEqual(['a', 'b']));

    // Of all that kafkajs offers, only the heartbeat tells the old one; and the broker refuses its commit.
    expect([zombie.isRunning(), zombie.isStale()]).toEqual([true, false]);
    await expect(zombie.heartbeat()).rejects.toThrow();
    const { partition } = zombie.batch;
    await expect(
      zombie.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset: '1' }] }] }),
    ).rejects.toMatchObject({ type: 'UNKNOWN_MEMBER_ID' });
    const leaving = silent.disconnect();
    release();
    await leaving;
  });
});

describe('kafkajs, left to itself,', () => {
  test('takes a batch that its handler gave up for one that was applied; without auto-resolve it comes again', async () => {
    const topic = await topicOf(1);
    await send(topic, 0, 'a');
    const seen = { stock: 0, ours: 0 };
    await run(member('stock'), topic, { eachBatch: async () => void (seen.stock += 1) });
    await run(member('ours'), topic, {
      eachBatchAutoResolve: false,
      eachBatch: async () => void (seen.ours += 1),
    });
    await eventually(async () => expect(await committed('stock', topic)).toEqual(['1']));
    await eventually(() => expect(seen.ours).toBeGreaterThan(2));
    expect(seen.stock).toBe(1);
    expect(await committed('ours', topic)).toEqual(['-1']);
  });

  test('stops a consumer for good at the SyntaxError of one poison record, while the process stays up', async () => {
    const topic = await topicOf(1);
    await send(topic, 0, 'no JSON', '"good"');
    const consumer = member('poisoned');
    const crashes: boolean[] = [];
    consumer.on(consumer.events.CRASH, ({ payload }) => crashes.push(payload.restart));
    await run(consumer, topic, {
      eachMessage: async ({ message }) => void JSON.parse(String(message.value)),
    });
    await eventually(() => expect(crashes).toEqual([false]));
    const { groups } = await admin.describeGroups([groupOf('poisoned')]);
    expect(groups).toMatchObject([{ state: 'Empty', members: [] }]);
    expect(await committed('poisoned', topic)).toEqual(['-1']);
  });

  test('repeats a batch for any other error, for as long as it takes', async () => {
    const topic = await topicOf(1);
    await send(topic, 0, 'a', 'b');
    const seen: string[][] = [];
    await run(member('failing'), topic, {
      eachBatch: async ({ batch }) => {
        if (seen.push(valuesOf(batch.messages)) < 4) throw new Error('not now');
      },
    });
    await eventually(async () => expect(await committed('failing', topic)).toEqual(['2']));
    expect(seen).toEqual(Array.from({ length: 4 }, () => ['a', 'b']));
  });

  test('fetches nothing more while one batch of a fetch is worked on, so a chunk has to be short', async () => {
    const topic = await topicOf(2);
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const seen: string[] = [];
    await send(topic, 0, 'slow');
    const reader = member('barrier');
    await run(reader, topic, {
      partitionsConsumedConcurrently: 2,
      eachBatch: async ({ batch }) => {
        seen.push(...valuesOf(batch.messages));
        if (batch.partition === 0) await held;
      },
    });
    await eventually(() => expect(seen).toEqual(['slow']));
    await send(topic, 1, 'waiting');
    await readAll(topic, 2); // another group has it in the time that this one does not
    expect(seen).toEqual(['slow']);
    // Its end, too, waits for the handler, and has no deadline.
    let ended = false;
    const ending = reader.disconnect().then(() => (ended = true));
    await endOf(topic);
    expect(ended).toBe(false);
    release();
    await ending;
  });
});

let topics = 0;

async function topicOf(partitions: number, config: Record<string, string> = {}): Promise<string> {
  const topic = `${namespace}.${(topics += 1)}`;
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  await admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions: partitions, configEntries }] });
  await eventually(() => admin.fetchTopicOffsets(topic));
  return topic;
}

/** The end of the log, per partition. */
async function endOf(topic: string): Promise<string[]> {
  const ends = await admin.fetchTopicOffsets(topic);
  return ends.toSorted((a, b) => a.partition - b.partition).map(({ high }) => high);
}

async function send(topic: string, partition: number, ...values: string[]): Promise<void> {
  await producer.send({ topic, messages: values.map((value) => ({ partition, value })) });
}

const valuesOf = (messages: readonly KafkaMessage[]) => messages.map(({ value }) => String(value));
const groupOf = (name: string) => `${namespace}.${name}`;

function member(group: string, change: { allowAutoTopicCreation?: boolean } = {}): Consumer {
  // Six seconds is the shortest session that a broker grants.
  const groupId = groupOf(group);
  const consumer = kafka.consumer({ groupId, sessionTimeout: 6_000, maxWaitTimeInMs: 50, ...change });
  running.push(consumer);
  return consumer;
}

async function run(
  consumer: Consumer,
  topic: string,
  { fromBeginning = true, ...config }: Parameters<Consumer['run']>[0] & { fromBeginning?: boolean },
): Promise<void> {
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning });
  await consumer.run(config);
}

/** The first `count` records of a topic, as a group sees them that never read it. */
async function readAll(topic: string, count: number) {
  const records: { partition: number; message: KafkaMessage }[] = [];
  const consumer = member(`all.${topic}`);
  await run(consumer, topic, {
    eachMessage: async ({ partition, message }) => void records.push({ partition, message }),
  });
  await eventually(() => expect(records).toHaveLength(count));
  return records;
}

async function commit(group: string, topic: string, offset: string): Promise<void> {
  const consumer = member(group);
  await run(consumer, topic, { autoCommit: false, eachMessage: () => Promise.resolve() });
  await consumer.commitOffsets([{ topic, partition: 0, offset }]);
  await consumer.disconnect();
}

/** Where a group would go on, per partition; -1 is nowhere yet. */
async function committed(group: string, topic: string): Promise<string[]> {
  const [ofTopic] = await admin.fetchOffsets({ groupId: groupOf(group), topics: [topic] });
  return ofTopic!.partitions.toSorted((a, b) => a.partition - b.partition).map(({ offset }) => offset);
}

async function firstSeenBy(group: string, topic: string): Promise<string> {
  const { promise: first, resolve } = Promise.withResolvers<string>();
  await run(member(group), topic, {
    eachMessage: async ({ message }) => resolve(String(message.value)),
  });
  return first;
}
