import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { topology } from '@cartwheel/contracts';
import { deadLetterCopy } from '@cartwheel/inbox';
import { createKafka } from '@cartwheel/kafka';
import { createLogger } from '@cartwheel/observability';
import { oldestAgeMs, outboxSchema, type OutboxRow, Wake, waiting, writeRows } from '@cartwheel/outbox';
import { parkingSchema } from '@cartwheel/parking';
import { transaction } from '@cartwheel/postgres';
import { newId, Permanent } from '@cartwheel/primitives';
import { engines, eventually, testDatabase, type TestDatabase, testNamespace } from '@cartwheel/testing';
import { kafkaRelay } from './relays.ts';

const kafka = createKafka(engines().kafka.brokers, 'test');
const admin = kafka.admin();
const names = topology(testNamespace());
const facts = names.topic('order-events');
let db: TestDatabase;

beforeAll(async () => {
  await admin.connect();
  const small = [{ name: 'max.message.bytes', value: '10000' }];
  await admin.createTopics({
    topics: [{ topic: facts, numPartitions: 3, configEntries: small }],
    waitForLeaders: true,
  });
  db = await testDatabase([outboxSchema, parkingSchema]);
});
afterAll(async () => {
  await admin.disconnect();
  await db.drop();
});

const fact = (key: string, payload = Buffer.from('{}')): OutboxRow => ({
  channel: 'kafka',
  id: newId(),
  destination: facts,
  key: Buffer.from(key),
  type: 'OrderPlaced',
  headers: {},
  payload,
});
const wiring = () => ({
  connectionString: db.url,
  wake: new Wake(),
  pollIntervalMs: 20,
  logger: createLogger('test', 'silent'),
  onFatal: (reason: string) => expect(reason).toBe(''),
});
const stored = async (topic: string) =>
  (await admin.fetchTopicOffsets(topic)).reduce((sum, { high }) => sum + Number(high), 0);

test('a copy of a dead letter whose topic is missing holds up no fact, and goes out when the topic is there', async () => {
  const copies = names.deadLetterTopic(facts, 'payment');
  const delivery = { source: 'kafka', topic: facts, key: Buffer.from('a'), headers: {}, value: null } as const;
  const failure = { error: new Permanent('no'), attempts: 1, firstFailedAt: new Date() };
  const written = [
    deadLetterCopy(copies, 'payment', delivery, failure),
    ...Array.from({ length: 10 }, () => fact('a')),
  ];
  await transaction(db.dataSource, (tx) => writeRows(tx, written));
  const running = [kafkaRelay(wiring(), kafka), kafkaRelay(wiring(), kafka, { channel: 'dead-letters' })];
  for (const { relay } of running) relay.start();
  try {
    await eventually(async () => expect(await stored(facts)).toBe(10));
    const waits = (await waiting(db.admin)).filter(({ messages }) => messages > 0);
    expect(waits).toMatchObject([{ channel: 'dead-letters', messages: 1 }]);
    // A checkout is refused when this is old (outbox-too-old).
    expect(await oldestAgeMs(db.admin)).toBe(0);
    await admin.createTopics({ topics: [{ topic: copies, numPartitions: 1 }], waitForLeaders: true });
    await eventually(async () => expect(await stored(copies)).toBe(1));
    await eventually(async () => expect(await db.admin.query('SELECT 1 FROM outbox')).toEqual([]));
    expect(await stored(facts)).toBe(10);
  } finally {
    for (const { relay, close } of running) await relay.stop().then(close);
  }
});

test('a fact that is larger than its topic takes is set aside with its key, and every other is stored once', async () => {
  const before = await stored(facts);
  const keys = Array.from({ length: 20 }, (_, n) => `key ${n}`);
  const bad = fact('held', Buffer.alloc(20_000));
  const rows = [fact('held'), bad, ...keys.map((key) => fact(key)), fact('held')];
  await transaction(db.dataSource, (tx) => writeRows(tx, rows));
  const { relay, close } = kafkaRelay(wiring(), kafka);
  relay.start();
  try {
    await eventually(async () => expect(await db.admin.query('SELECT 1 FROM outbox')).toEqual([]));
    expect(await stored(facts)).toBe(before + 21);
    const kept = await db.admin.query<{ event_id: string; state: string; error_class: string | null }>(
      'SELECT event_id, state, error_class FROM parked_messages ORDER BY outbox_seq',
    );
    expect(kept).toEqual([
      { event_id: bad.id, state: 'dead', error_class: 'Refused' },
      { event_id: rows.at(-1)!.id, state: 'parked', error_class: null },
    ]);
  } finally {
    await relay.stop().then(close);
  }
});
