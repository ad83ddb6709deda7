import { topology } from '@cartwheel/contracts';
import { engines, eventually, testNamespace } from '@cartwheel/testing';
import { expect, test } from '@jest/globals';
import { type Admin, ConfigResourceTypes } from 'kafkajs';
import { createKafka } from './client.ts';
import { mendTopics, topicDrift } from './topic-settings.ts';
import { createTopics } from './topics.ts';

const kafka = createKafka(engines().kafka.brokers, 'test');

async function withAdmin(work: (admin: Admin) => Promise<unknown>): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  await work(admin);
  await admin.disconnect();
}

test('topics that set-up has just made are as the topology wants them', async () => {
  const names = topology(testNamespace(), { partitions: 3 });
  expect(await topicDrift(kafka, names)).toEqual([]);
  await createTopics(kafka, names);
  expect(await topicDrift(kafka, names)).toEqual([]);
});

test('a topic that somebody made or changed is named, mended, and keeps the settings that are nobody’s business', async () => {
  const names = topology(testNamespace(), { partitions: 3 });
  const topic = names.topic('order-events');
  await withAdmin((admin) =>
    admin.createTopics({
      waitForLeaders: false,
      topics: [
        {
          topic,
          numPartitions: 4,
          configEntries: [
            { name: 'retention.ms', value: '604800000' },
            { name: 'compression.type', value: 'zstd' },
            { name: 'segment.bytes', value: '1048576' },
          ],
        },
      ],
    }),
  );
  await createTopics(kafka, names);
  const partitions = { topic, setting: 'partitions', is: '4', wanted: '3' };
  const found = await topicDrift(kafka, names);
  expect(found).toEqual(
    expect.arrayContaining([
      partitions,
      { topic, setting: 'retention.ms', is: '604800000', wanted: '-1' },
      { topic, setting: 'compression.type', is: 'zstd', wanted: 'producer' },
    ]),
  );
  const { mended, left } = await mendTopics(kafka, names);
  expect(left).toEqual([partitions]);
  expect([...left, ...mended]).toEqual(found);
  await eventually(async () => expect(await topicDrift(kafka, names)).toEqual([partitions]));
  await withAdmin(async (admin) => {
    const configNames = ['segment.bytes'];
    const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames }];
    const described = await admin.describeConfigs({ includeSynonyms: false, resources });
    expect(described.resources[0]!.configEntries).toMatchObject([{ configValue: '1048576' }]);
  });
  expect(await mendTopics(kafka, names)).toEqual({ mended: [], left: [partitions] });
});
