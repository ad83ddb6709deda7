import { topology } from '@cartwheel/contracts';
import { eventually } from '@cartwheel/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { startThreeBrokers, type ThreeBrokers, threeBrokersArePossible } from '../../../tools/stack/three-brokers.ts';
import { createKafka } from './client.ts';
import { setMinInsync } from './replication.ts';
import { createTopics } from './topics.ts';

// No process dies here; the suffix tells that three brokers cost what a fault test does.

const { ConfigResourceTypes, ConfigSource } = kafkajs;
const onThreeBrokers = threeBrokersArePossible ? describe : describe.skip;
let cluster: ThreeBrokers;
let kafka: Kafka;
let admin: Admin;

beforeAll(async () => {
  if (!threeBrokersArePossible) return;
  cluster = await startThreeBrokers();
  kafka = createKafka(cluster.addresses, 'test');
  admin = kafka.admin();
  await admin.connect();
}, 120_000);
afterAll(async () => {
  await admin?.disconnect();
  await cluster?.end();
});

onThreeBrokers('on three brokers', () => {
  test('a topic gets three copies, of which two must have a record, and keeps what else is set on it', async () => {
    const names = topology('three', { partitions: 2 });
    await createTopics(kafka, names);
    expect(await setMinInsync(kafka, names)).toEqual([]);
    expect(await copiesOf(names.topic('order-events'))).toEqual([3, 3]);
    // What the controller has taken, a broker says a moment later.
    await eventually(async () =>
      expect(await setOn(names.topic('order-events'))).toEqual({
        ...names.topics[0]!.config,
        'min.insync.replicas': '2',
      }),
    );
  });

  test('topics of one copy are named, the ones that were there before too, and can still be written to', async () => {
    const names = topology('single', { partitions: 1 });
    await createTopics(kafka, names, { factor: 1 });
    const [sentence, ...others] = await setMinInsync(kafka, names, { minInsync: 2 });
    expect(others).toEqual([]);
    expect(sentence).toMatch(/^On 3 Kafka brokers these topics have one copy: single\.order-events, /);
    await eventually(async () =>
      expect(await setOn(names.topic('order-events'))).toMatchObject({ 'min.insync.replicas': '1' }),
    );
  });

  test('what is configured counts, and a second set-up changes nothing', async () => {
    const names = topology('two', { partitions: 1 });
    const topic = names.topic('payment-events');
    await createTopics(kafka, names, { factor: 2 });
    await setMinInsync(kafka, names, { minInsync: 2 });
    const wanted = { ...names.topics.find(({ name }) => name === topic)!.config, 'min.insync.replicas': '2' };
    await eventually(async () => expect(await setOn(topic)).toEqual(wanted));
    expect(await copiesOf(topic)).toEqual([2]);
    await setMinInsync(kafka, names, { minInsync: 2 });
    expect(await setOn(topic)).toEqual(wanted);
  });
});

async function copiesOf(topic: string): Promise<number[]> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  return topics[0]!.partitions.map(({ replicas }) => replicas.length);
}

/** What is set on the topic itself. */
async function setOn(topic: string): Promise<Record<string, string>> {
  const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic }];
  const described = await admin.describeConfigs({ includeSynonyms: false, resources });
  const own = described.resources[0]!.configEntries.filter(
    ({ configSource }) => configSource === ConfigSource.TOPIC_CONFIG,
  );
  return Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue]));
}
