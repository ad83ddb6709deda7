import { contracts, type Delivery, topology as topologyOf } from '@cartwheel/contracts';
import { type FactContext, FactInbox, inboxSchema, taskAttemptsSchema } from '@cartwheel/inbox';
import { createKafka, createTopics } from '@cartwheel/kafka';
import { outboxSchema, Wake } from '@cartwheel/outbox';
import { parking, parkingSchema } from '@cartwheel/parking';
import { newId } from '@cartwheel/primitives';
import {
  ddl,
  deliveredFact,
  engines,
  eventually,
  testDatabase,
  type TestDatabase,
  testNamespace,
} from '@cartwheel/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Admin } from 'kafkajs';
import pg from 'pg';
import type { Connections } from '../verify/connections.ts';
import { readToEnd } from '../verify/read/read-to-end.ts';
import { cleanUp, type Report } from './clean-up.ts';

const DAY_MS = 86_400_000;
const now = new Date();
/** The middle of the month, `months` ago. */
const ago = (months: number) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 15));
const nameOf = (month: Date) => month.toISOString().slice(0, 7);
const [OLD, LATER] = [ago(5), ago(3)];

const brokers = engines().kafka.brokers;
const effects = {
  name: 'effects',
  migrations: ddl('CREATE TABLE effects (event_id uuid NOT NULL)'),
  grants: { effects: 'SELECT, INSERT' },
};

let db: TestDatabase;
let admin: Admin;
let topology: ReturnType<typeof topologyOf>;
let client: pg.Client;
beforeAll(async () => {
  db = await testDatabase([outboxSchema, parkingSchema, inboxSchema, taskAttemptsSchema, effects]);
  // A connection of its own: it holds transactions.
  client = new pg.Client({ connectionString: db.admin.url });
  await client.connect();
});
beforeEach(async () => {
  topology = topologyOf(testNamespace(), { partitions: 1 });
  const kafka = createKafka(brokers, 'test');
  await createTopics(kafka, topology);
  admin = kafka.admin();
  await admin.connect();
  await db.admin.query('TRUNCATE processed_events, parked_messages, task_attempts, effects');
  await db.admin.query(`SELECT make_id_months($1::date, 6)`, [OLD]);
});
afterEach(() => admin.disconnect());
afterAll(async () => {
  await client?.end();
  await db?.drop();
});

/** A UUIDv7 of that time. */
const idAt = (at: Date) => {
  const time = at.getTime().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}${newId().slice(13)}`;
};

/** Puts facts of that time into the log, one of each id. */
async function tell(ids: readonly string[], at: Date): Promise<void> {
  const producer = createKafka(brokers, 'test').producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const messages = ids.map((id) => {
    const { key, value, headers } = deliveredFact();
    const text = Object.entries({ ...headers, ce_id: id }).map(([name, header]) => [name, String(header)]);
    const message = { key, value, headers: Object.fromEntries(text) as Record<string, string> };
    return { ...message, timestamp: String(at.getTime()) };
  });
  await producer.send({ topic: topology.topic('order-events'), messages });
  await producer.disconnect();
}

/** All that the log holds, as the inventory reads it after an offset reset; then its group has read it. */
async function readFromTheBeginning(): Promise<void> {
  let chunk: Delivery[] = [];
  const shop = { admin, kafka: createKafka(brokers, 'test'), target: { kafkaBrokers: brokers, namespace: 'reset' } };
  // A broker of a moment ago does not know its groups yet.
  await eventually(async () => {
    chunk = [];
    await readToEnd(shop as unknown as Connections, [topology.topic('order-events')], (topic, partition, message) => {
      const { key, value, offset, headers = {} } = message;
      chunk.push({ source: 'kafka', topic, partition, offset, key, value, headers: headers as Delivery['headers'] });
    });
  });
  const origin = { source: 'inventory', contracts, topology };
  const inbox = new FactInbox({ consumer: 'inventory', dataSource: db.dataSource, origin, wake: new Wake(), parking });
  const handlers = {
    has: () => true,
    handle: async (_: string, __: unknown, { fact, tx }: FactContext) => {
      await tx.query('INSERT INTO effects VALUES ($1)', [fact.id]);
    },
  };
  await inbox.apply(chunk, handlers, new AbortController().signal);
  const partitions = [{ partition: 0, offset: String(Number(chunk.at(-1)!.offset) + 1) }];
  const group = { groupId: topology.groupId('inventory'), topic: topology.topic('order-events') };
  await eventually(() => admin.setOffsets({ ...group, partitions }));
}

/** As if each id had been taken when it was made. */
const takenInTheirTime = () =>
  db.admin.query(
    `UPDATE processed_events SET processed_at = to_timestamp(
       ('x' || lpad(left(replace(event_id::text, '-', ''), 12), 16, '0'))::bit(64)::bigint / 1000.0)`,
  );
const truncate = (offset: string) =>
  admin.deleteTopicRecords({ topic: topology.topic('order-events'), partitions: [{ partition: 0, offset }] });
const doubled = () => db.admin.query('SELECT event_id FROM effects GROUP BY 1 HAVING count(*) > 1');
const held = async () =>
  (await db.admin.query<{ event_id: string }>('SELECT event_id FROM processed_events ORDER BY event_id')).map(
    ({ event_id }) => event_id,
  );

async function run({ apply = true } = {}): Promise<Report> {
  const queryable = {
    query: async <Row>(sql: string, values: readonly unknown[] = []) =>
      (await client.query(sql, [...values])).rows as Row[],
  };
  const reports = await cleanUp({ databases: { inventory: queryable }, admin, topology, apply });
  return reports.find(({ month }) => month === nameOf(OLD))!;
}

/** Three facts of an old month and two of a later one, applied in their time. */
async function told() {
  const [old, later] = [
    [idAt(OLD), idAt(OLD), idAt(OLD)],
    [idAt(LATER), idAt(LATER)],
  ];
  await tell(old, OLD);
  await tell(later, LATER);
  await readFromTheBeginning();
  await takenInTheirTime();
  return { old, later };
}

test('a month that a topic still holds is kept, and an offset reset doubles nothing', async () => {
  await told();
  expect((await run()).kept).toMatch(/order-events holds records from before/);
  await readFromTheBeginning();
  expect(await doubled()).toEqual([]);
  // One record of it is enough.
  await truncate('2');
  expect((await run()).kept).toMatch(/order-events holds records from before/);
  await readFromTheBeginning();
  expect(await doubled()).toEqual([]);
});

test('a month that no topic holds any more is dropped, and an offset reset doubles nothing', async () => {
  const { old, later } = await told();
  await truncate('3');
  expect(await run({ apply: false })).toMatchObject({ ids: 3, kept: undefined });
  expect(await held()).toEqual([...old, ...later].toSorted());
  expect(await run()).toMatchObject({ ids: 3, kept: undefined });
  expect(await held()).toEqual(later.toSorted());
  await readFromTheBeginning();
  expect(await doubled()).toEqual([]);
});

test('a month is kept for a record that came much later than its id was made', async () => {
  await told();
  await truncate('3');
  // The service was away for two months: its outbox had the message all the time.
  const late = idAt(OLD);
  await tell([late], LATER);
  await readFromTheBeginning();
  await db.admin.query('UPDATE processed_events SET processed_at = $2 WHERE event_id = $1', [late, LATER]);
  expect((await run()).kept).toMatch(/order-events holds records from before/);
  await readFromTheBeginning();
  expect(await doubled()).toEqual([]);
});

test('a month is kept as long as a message of it is set aside, or a group has not read what is gone', async () => {
  const { old } = await told();
  await truncate('3');
  await db.admin.query(
    `INSERT INTO parked_messages (source, consumer, topic, key, state, attempts, next_attempt_at, event_id, headers)
     VALUES ('kafka', 'inventory', 'order-events', 'k', 'dead', 1, now(), $1, '{}')`,
    [old[0]],
  );
  expect((await run()).kept).toBe('a message with an id of it is parked or dead');
  await db.admin.query('TRUNCATE parked_messages');
  const topic = topology.topic('order-events');
  const partitions = [{ partition: 0, offset: '1' }];
  await admin.setOffsets({ groupId: topology.groupId('inventory'), topic, partitions });
  expect((await run()).kept).toBe(`${topology.groupId('inventory')} has not read all that was in the log`);
});

test('a month that ended a moment ago is kept, whatever the topics hold', async () => {
  const { old } = await told();
  await truncate('3');
  const yesterday = new Date(now.getTime() - DAY_MS);
  await db.admin.query('UPDATE processed_events SET processed_at = $2 WHERE event_id = $1', [old[0], yesterday]);
  expect((await run()).kept).toMatch(/^not before /);
});

test('an id that says nothing about its age survives the month that it lies in by chance', async () => {
  const { old } = await told();
  // A version 5 that begins like the ids of the old month.
  const stranger = `${old[0]!.slice(0, 14)}5${old[0]!.slice(15)}`;
  await db.admin.query(`INSERT INTO processed_events VALUES ('inventory', $1, $2)`, [stranger, OLD]);
  await truncate('3');
  expect(await run()).toMatchObject({ kept: undefined });
  expect(await held()).toContain(stranger);
});

test('attempts at tasks go with the month of their task, unless it is still tried', async () => {
  await told();
  await truncate('3');
  const [done, open] = [idAt(OLD), idAt(OLD)];
  await db.admin.query(
    `INSERT INTO task_attempts (task_id, type, subject, attempt, outcome)
     VALUES ($1, 'SendEmail', 's', 1, 'retry'), ($1, 'SendEmail', 's', 2, 'done'), ($2, 'SendEmail', 's', 1, 'retry')`,
    [done, open],
  );
  expect(await run()).toMatchObject({ kept: undefined, attempts: 2 });
  expect(await db.admin.query('SELECT task_id FROM task_attempts')).toEqual([{ task_id: open }]);
});
