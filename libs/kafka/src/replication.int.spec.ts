import { topology } from '@cartwheel/contracts';
import { engines, eventually, testNamespace } from '@cartwheel/testing';
import { expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { createKafka } from './client.ts';
import { setMinInsync } from './replication.ts';
import { createTopics } from './topics.ts';

const { ConfigResourceTypes, ConfigSource } = kafkajs;

test('on one broker one copy must have a record, which is said on the topic; what else is set on it stays', async () => {
  const kafka = createKafka(engines().kafka.brokers, 'test');
  const names = topology(testNamespace(), { partitions: 1 });
  await createTopics(kafka, names);
  expect(await setMinInsync(kafka, names)).toEqual([]);

  const admin = kafka.admin();
  await admin.connect();
  const resources = [{ type: ConfigResourceTypes.TOPIC, name: names.topic('order-events') }];
  // What the controller has taken, a broker says a moment later.
  await eventually(async () => {
    const described = await admin.describeConfigs({ includeSynonyms: false, resources });
    const own = described.resources[0]!.configEntries.filter(
      ({ configSource }) => configSource === ConfigSource.TOPIC_CONFIG,
    );
    const set = Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue]));
    expect(set).toEqual({ ...names.topics[0]!.config, 'min.insync.replicas': '1' });
  }).finally(() => admin.disconnect());
});
