import { fact, headersOf, topology } from '@cartwheel/contracts';
import { createKafka, createTopics } from '@cartwheel/kafka';
import { newId } from '@cartwheel/primitives';
import { engines, eventually, kafkaTopic, runFixture, testDatabase, testNamespace } from '@cartwheel/testing';
import { expect, test } from '@jest/globals';
import { join } from 'node:path';
import { countingSchemas, startCounting } from './fixtures/counting-consumer.ts';

const { brokers } = engines().kafka;
const ORDERS = 5;
const FACTS = 20;
const DIES_AFTER = 7;

test('a consumer that dies between COMMIT and offset commit gets facts twice, and applies each once', async () => {
  const namespace = testNamespace();
  const names = topology(namespace);
  await createTopics(createKafka(brokers, 'test'), names);
  const topic = await kafkaTopic(brokers, { topic: names.topic('order-events'), groupId: names.groupId('email') });
  const database = await testDatabase(countingSchemas);
  const orders = Array.from({ length: ORDERS }, () => newId());
  await database.admin.query('INSERT INTO order_counts SELECT id FROM unnest($1::uuid[]) AS id', [orders]);
  const counts = async () =>
    (await database.pool.query<{ n: number }>('SELECT n FROM order_counts')).rows.map(({ n }) => n);
  const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, n) => total + n, 0);

  await topic.send(
    Array.from({ length: FACTS }, (_, n) => {
      const orderId = orders[n % ORDERS]!;
      const total = { amountMinor: 2_400, currency: 'EUR' };
      const confirmed = fact('OrderConfirmed', orderId, { orderId, total });
      const cause = { correlationId: newId(), causationId: newId() };
      return { key: orderId, headers: headersOf(confirmed, 'order', cause), value: JSON.stringify(confirmed.data) };
    }),
  );

  const died = await runFixture(join(import.meta.dirname, 'fixtures/counting-consumer.ts'), {
    BROKERS: brokers.join(),
    NAMESPACE: namespace,
    DATABASE: database.url,
    DIES_AFTER: String(DIES_AFTER),
  });
  expect(died).toMatchObject({ signal: 'SIGKILL', output: '' });
  // Partitions are consumed side by side: others may have committed while this one died.
  expect(sum(await counts())).toBeGreaterThanOrEqual(DIES_AFTER);

  const events: string[] = [];
  const again = startCounting({
    brokers,
    namespace,
    database: database.url,
    onEvent: (event) => events.push(event),
    onApplied: () => undefined,
  });
  await eventually(async () => {
    const offsets = Object.values(await topic.committed());
    expect(sum(offsets.filter((offset) => offset > 0))).toBe(FACTS);
  });
  await again.close();

  expect(await counts()).toEqual(orders.map(() => FACTS / ORDERS));
  expect(new Set(events)).toEqual(new Set(['duplicate']));
  await topic.close();
  await database.drop();
});
