import { type Delivery, topology } from '@cartwheel/contracts';
import { engines, eventually, kafkaTopic, testNamespace } from '@cartwheel/testing';
import { expect, test } from '@jest/globals';
import { createKafka } from './client.ts';
import { KafkaStrategy } from './kafka.strategy.ts';
import { createTopics } from './topics.ts';

test('a record’s time is handed on when PostgreSQL can read it, and left out when it cannot', async () => {
  const { brokers } = engines().kafka;
  const kafka = createKafka(brokers, 'test');
  const names = topology(testNamespace(), { partitions: 1 });
  await createTopics(kafka, names);
  const orders = await kafkaTopic(brokers, { topic: names.topic('order-events'), groupId: names.groupId('email') });
  // What a producer may write there, and Kafka takes: before 1970, and before the year 1.
  for (const timestamp of ['1767323045678', '-5', '-99999999999999']) {
    await orders.send([{ key: 'k', value: 'v', timestamp }]);
  }
  const seen: Delivery[] = [];
  const strategy = new KafkaStrategy({
    kafka,
    groupId: orders.groupId,
    topics: [orders.topic],
    required: [orders.topic],
    transportId: Symbol('test'),
    apply: (chunk) => Promise.resolve(void seen.push(...chunk)),
    stepOver: () => Promise.resolve(false),
    onGone: () => Promise.resolve(),
    onFatal: () => undefined,
  });
  strategy.listen(() => undefined);
  await eventually(() =>
    expect(seen.map(({ timestamp }) => timestamp)).toEqual([
      '2026-01-02T03:04:05.678Z',
      '1969-12-31T23:59:59.995Z',
      undefined,
    ]),
  );
  await strategy.close();
  await orders.close();
});
