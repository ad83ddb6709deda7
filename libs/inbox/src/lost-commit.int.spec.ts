import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { contracts, type Delivery, headersOf, task, topology } from '@cartwheel/contracts';
import { outboxSchema, UnitOfWork, Wake } from '@cartwheel/outbox';
import { parking, parkingSchema } from '@cartwheel/parking';
import { createDataSource, DatabaseUnavailable, type DataSource, type Queryable } from '@cartwheel/postgres';
import { newId } from '@cartwheel/primitives';
import {
  ddl,
  deliveredFact,
  eventually,
  tcpProxy,
  type TcpProxy,
  testDatabase,
  type TestDatabase,
} from '@cartwheel/testing';
import { FactInbox, inboxSchema, taskAttemptsSchema, TaskInbox } from './index.ts';

// The database has committed, and its answer is lost on the way: whoever waited for it does not know.

let db: TestDatabase;
let proxy: TcpProxy;
let dataSource: DataSource;
const origin = { source: 'payment', contracts, topology: topology() };
const live = new AbortController().signal;
const done = {
  name: 'done',
  migrations: ddl('CREATE TABLE done (n int NOT NULL)'),
  grants: { done: 'SELECT, INSERT' },
};

beforeAll(async () => {
  db = await testDatabase([outboxSchema, parkingSchema, inboxSchema, taskAttemptsSchema, done]);
  proxy = await tcpProxy(db.url);
  dataSource = createDataSource(proxy.url, { name: 'test' });
});
afterAll(async () => {
  await dataSource.destroy();
  await proxy.stop();
  await db.drop();
});
beforeEach(() => db.admin.query('TRUNCATE done, processed_events'));

/** The last statement before COMMIT. From now on nothing that the database says arrives. */
async function workAndLose(tx: Queryable) {
  await tx.query('INSERT INTO done VALUES (1)');
  proxy.set('held');
}
const doneTimes = async () => (await db.admin.query('SELECT 1 FROM done')).length;
async function committedAndCut() {
  await eventually(async () => expect(await doneTimes()).toBe(1));
  proxy.cut();
  proxy.set('open');
}

test('a fact comes again, and is not applied again', async () => {
  const events: string[] = [];
  const inbox = new FactInbox({
    consumer: 'payment',
    dataSource,
    origin,
    wake: new Wake(),
    parking,
    onEvent: (event) => events.push(event),
  });
  const handlers = { has: () => true, handle: (_: string, __: unknown, ctx: { tx: Queryable }) => workAndLose(ctx.tx) };
  const fact = deliveredFact();
  const applied = inbox.apply([fact], handlers, live);
  await Promise.all([expect(applied).rejects.toBeInstanceOf(DatabaseUnavailable), committedAndCut()]);
  await inbox.apply([fact], handlers, live);
  expect(await doneTimes()).toBe(1);
  expect(events).toEqual(['duplicate']);
});

test('a task is acknowledged, and the outside was asked once', async () => {
  const wake = new Wake();
  const unitOfWork = new UnitOfWork(dataSource, origin, wake);
  const inbox = new TaskInbox({ consumer: 'payment.card', dataSource, origin, unitOfWork, wake, parking });
  let asked = 0;
  const handlers = {
    has: () => true,
    handle: async (_: string, __: unknown, ctx: { finish(work: (tx: Queryable) => Promise<void>): Promise<void> }) => {
      asked += 1;
      await ctx.finish(workAndLose);
    },
  };
  const message = task('CapturePayment', newId(), { orderId: newId(), paymentId: newId() });
  const delivery: Delivery = {
    source: 'rabbitmq',
    topic: 'payment.card',
    key: null,
    headers: headersOf(message, 'payment', { correlationId: newId(), causationId: newId() }),
    value: Buffer.from(JSON.stringify(message.data)),
  };
  const [outcome] = await Promise.all([inbox.apply(delivery, handlers, live), committedAndCut()]);
  expect(outcome).toEqual({ kind: 'ack' });
  expect(asked).toBe(1);
  expect(await doneTimes()).toBe(1);
});
