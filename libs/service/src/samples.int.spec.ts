import { contracts, fact, topology } from '@cartwheel/contracts';
import { createKafka, createTopics } from '@cartwheel/kafka';
import { createLogger, startMetrics } from '@cartwheel/observability';
import { UnitOfWork, Wake } from '@cartwheel/outbox';
import { createDataSource } from '@cartwheel/postgres';
import { newId } from '@cartwheel/primitives';
import { engines, eventually, kafkaTopic, tcpProxy, testDatabase, testNamespace } from '@cartwheel/testing';
import { expect, test } from '@jest/globals';
import { startOpsServer } from './fixtures/ops-server.ts';
import { LagWatch, observeDatabase, tasks } from './samples.ts';
import { platformSchemas, workerSchemas } from './schemas.ts';

const logger = createLogger('test', 'silent');
const { brokers } = engines().kafka;

test('a page tells what waits in the outbox and what is set aside, and goes on without a database that is away', async () => {
  const db = await testDatabase(workerSchemas);
  const proxy = await tcpProxy(db.url);
  const dataSource = createDataSource(proxy.url, { name: 'test', max: 2 });
  const render = startMetrics('test');
  observeDatabase(dataSource, [tasks], logger);
  const server = await startOpsServer(db.dataSource, { renderMetrics: render });
  const page = async () => (await fetch(`${server.url}/metrics`)).text();

  const unitOfWork = new UnitOfWork(db.dataSource, { source: 'order', contracts, topology: topology('') }, new Wake());
  await unitOfWork.run({ correlationId: newId(), causationId: newId() }, async (tx) =>
    tx.emit(fact('OrderCancelled', newId(), { orderId: newId(), reason: 'timed-out' })),
  );
  await db.admin.query(`UPDATE outbox SET created_at = now() - interval '90 seconds'`);
  await db.admin.query(
    `INSERT INTO parked_messages (source, consumer, topic, key, state, attempts, next_attempt_at, event_id, headers, last_failed_at)
     SELECT 'kafka', 'email', 'order-events', key::bytea, state, 1, now(), gen_random_uuid(), '{}', now() - interval '1 hour'
     FROM (VALUES ('a', 'dead'), ('a', 'parked'), ('b', 'parked')) AS r(key, state)`,
  );
  await db.admin.query(
    `INSERT INTO task_attempts (task_id, type, subject, attempt, outcome, next_attempt_at)
     VALUES (gen_random_uuid(), 'SendEmail', 'order', 4, 'retry', now() + interval '5 minutes')`,
  );
  const first = await page();
  expect(first).toContain('cartwheel_outbox_messages{cartwheel_channel="kafka",service_name="test"} 1');
  expect(first).toMatch(/cartwheel_outbox_oldest_age\{cartwheel_channel="kafka",service_name="test"\} 9\d\./);
  expect(first).toMatch(/cartwheel_outbox_dead_rows\{service_name="test"\} \d+/);
  expect(first).toContain('cartwheel_parked_keys{cartwheel_consumer="email",service_name="test"} 2');
  expect(first).toContain('cartwheel_parked_messages{cartwheel_consumer="email",service_name="test"} 2');
  expect(first).toContain('cartwheel_dead_letters_messages{cartwheel_consumer="email",service_name="test"} 1');
  expect(first).toMatch(/cartwheel_dead_letters_oldest_age\{cartwheel_consumer="email",service_name="test"\} 36\d\d/);

  expect(first).toContain('cartwheel_tasks_repeating{cloudevents_event_type="SendEmail",service_name="test"} 1');

  proxy.set('closed');
  await eventually(async () => {
    const without = await page();
    expect(without).toContain('cartwheel_source_up{cartwheel_source="postgresql",service_name="test"} 0');
    expect(without).not.toContain('cartwheel_outbox_messages{');
    expect(without).toContain('db_client_connection_max{');
  });
  await server.close();
  await dataSource.destroy();
  await proxy.stop();
  await db.drop();
});

test('a service whose metrics are switched off has no page', async () => {
  const db = await testDatabase(platformSchemas);
  const server = await startOpsServer(db.dataSource);
  const answer = await fetch(`${server.url}/metrics`);
  expect([answer.status, await answer.json()]).toMatchObject([404, { code: 'not-found' }]);
  await server.close();
  await db.drop();
});

test('a group that nobody serves falls behind, in facts and in seconds', async () => {
  const names = topology(testNamespace(), { partitions: 2 });
  const kafka = createKafka(brokers, 'test');
  await createTopics(kafka, names);
  const topic = names.topic('order-events');
  const groupId = names.groupId('email');
  const { send, close } = await kafkaTopic(brokers, { topic, groupId });
  const page = startMetrics('test');
  const watch = new LagWatch(kafka);
  watch.add({ consumer: 'email', groupId, topics: [topic] });
  watch.start(logger);
  const shown = async (name: string) => {
    const found = new RegExp(`^${name}\\{.*consumer_group_name="email".*\\} (.*)$`, 'm').exec(await page());
    return Number(found![1]);
  };

  await eventually(async () => expect(await shown('cartwheel_consumer_lag')).toBe(0));
  await send([1, 2, 3].map((n) => ({ key: String(n), headers: {}, value: '{}' })));
  await eventually(async () => expect(await shown('cartwheel_consumer_lag')).toBe(3));
  // A consumer takes the first chunk in hand: its first record is an hour old.
  const timestamp = new Date(Date.now() - 3_600_000).toISOString();
  for (const partition of [0, 1]) {
    const record = { source: 'kafka', topic, partition, offset: '0', timestamp } as const;
    watch.begin(groupId, { ...record, key: null, headers: {}, value: null });
  }
  await eventually(async () => expect(await shown('cartwheel_consumer_lag_age')).toBeGreaterThanOrEqual(3_600));
  await Promise.all([close(), watch.close()]);
});
