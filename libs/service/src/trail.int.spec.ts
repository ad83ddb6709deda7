import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { contracts, headersOf, topology } from '@cartwheel/contracts';
import { TaskInbox } from '@cartwheel/inbox';
import { UnitOfWork, Wake } from '@cartwheel/outbox';
import { parking } from '@cartwheel/parking';
import { newId, Transient } from '@cartwheel/primitives';
import { testDatabase, type TestDatabase } from '@cartwheel/testing';
import { buried, capturePayment, delivered, orderPlaced, PERSONAL } from '../../parking/src/fixtures/burying.ts';
import { startOpsServer } from './fixtures/ops-server.ts';
import { workerSchemas } from './schemas.ts';

const opsToken = 'a-token-for-this-test';
let db: TestDatabase;
let server: Awaited<ReturnType<typeof startOpsServer>>;
beforeAll(async () => {
  db = await testDatabase(workerSchemas);
  server = await startOpsServer(db.dataSource, { opsToken });
});
afterAll(async () => {
  await server.close();
  await db.drop();
});
beforeEach(() =>
  db.admin.query('TRUNCATE outbox, parked_messages, processed_events, parked_message_actions, task_attempts'),
);

const origin = { source: 'payment', contracts, topology: topology() };
async function ask(query: string, authorization = `Bearer ${opsToken}`) {
  const response = await fetch(`${server.url}/ops/trail?${query}`, { headers: { authorization } });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test('whoever is no operator is told nothing', async () => {
  expect(await ask(`orderId=${newId()}`, 'Bearer no')).toMatchObject({ status: 403, body: { code: 'operators-only' } });
});

test.each([
  ['no order', ''],
  ['an order that is no id', 'orderId=7'],
  ['a message that is no id', 'orderId=<id>&messages=7'],
  ['another parameter', 'orderId=<id>&message=<id>'],
])('a request with %s is refused', async (...[, query]) => {
  expect(await ask(query.replaceAll('<id>', newId()))).toMatchObject({
    status: 400,
    body: { code: 'invalid-request' },
  });
});

test('of an order that nobody knows there is nothing but what the service says itself', async () => {
  const { body } = await ask(`orderId=${newId()}`);
  const nothing = { waiting: [], parked: [], attempts: [], processed: [], actions: [] };
  expect(body).toEqual({ now: expect.any(String), ...nothing, own: { own: 'what it knows' } });
});

test('a fact and a task that wait in the outbox are told with their causes and with how many are before them', async () => {
  const cause = { correlationId: newId(), causationId: `http:${newId()}` };
  const unitOfWork = new UnitOfWork(db.dataSource, origin, new Wake());
  const [another, fact, task] = [orderPlaced(), orderPlaced(), capturePayment()];
  await unitOfWork.run(cause, (tx) => Promise.resolve(tx.emit(another, fact, task)));
  const { causationId } = cause;
  expect((await ask(`orderId=${fact.subject}`)).body).toMatchObject({
    waiting: [{ id: fact.id, channel: 'kafka', type: 'OrderPlaced', causationId, ahead: 1 }],
  });
  expect((await ask(`orderId=${task.subject}`)).body).toMatchObject({
    waiting: [{ id: task.id, channel: 'rabbitmq', type: 'CapturePayment', causationId, ahead: 0 }],
  });
});

test('an attempt that failed is told with its reason, the fact that asked for the task, and when the next one is due', async () => {
  const task = capturePayment();
  const cause = { correlationId: newId(), causationId: newId() };
  const delivery = { ...delivered(task), headers: headersOf(task, 'payment', cause) };
  const wake = new Wake();
  const unitOfWork = new UnitOfWork(db.dataSource, origin, wake);
  const inbox = new TaskInbox({
    consumer: 'payment.card',
    dataSource: db.dataSource,
    origin,
    unitOfWork,
    wake,
    parking,
  });
  const failing = (error: Error) => ({ has: () => true, handle: () => Promise.reject(error) });
  const live = new AbortController().signal;
  await inbox.apply(delivery, failing(new Transient('unreachable')), live);
  await inbox.apply(delivery, failing(new TypeError(`a library about ${PERSONAL.email}`)), live);

  type Told = { attempts: { startedAt: string; endedAt: string; nextAttemptAt: string }[] };
  const { attempts } = (await ask(`orderId=${task.subject}`)).body as Told;
  const { causationId } = cause;
  expect(attempts).toMatchObject([
    { taskId: task.id, type: 'CapturePayment', causationId, attempt: 1, outcome: 'retry', errorMessage: 'unreachable' },
    { attempt: 2, outcome: 'retry', errorClass: 'TypeError', errorMessage: null },
  ]);
  // The first rung of the ladder, for both: the headers of the delivery are those of a first one.
  for (const { endedAt, nextAttemptAt } of attempts)
    expect(Date.parse(nextAttemptAt) - Date.parse(endedAt)).toBeGreaterThanOrEqual(999);
});

test('dead facts and tasks of the order are told, and which of the messages were taken, and nothing personal', async () => {
  const fact = orderPlaced();
  const task = capturePayment();
  await buried(db.dataSource, delivered(fact), { id: fact.id });
  await buried(db.dataSource, delivered(task), { id: task.id, consumer: 'payment.card' });
  const ofFact = await ask(`orderId=${fact.subject}&messages=${fact.id},${newId()}`);
  expect(ofFact.body).toMatchObject({
    parked: [{ eventId: fact.id, type: 'OrderPlaced', state: 'dead', errorMessage: 'no use' }],
    processed: [{ consumer: 'inventory', id: fact.id }],
  });
  expect(JSON.stringify(ofFact.body)).not.toContain(PERSONAL.name);
  expect((await ask(`orderId=${task.subject}`)).body).toMatchObject({
    parked: [{ eventId: task.id, type: 'CapturePayment', consumer: 'payment.card' }],
    processed: [],
  });
});

test('what operators did about the messages is told without who and why', async () => {
  const fact = orderPlaced();
  const position = await buried(db.dataSource, delivered(fact), { id: fact.id });
  await fetch(`${server.url}/ops/dead-letters/${position}/discard`, {
    method: 'POST',
    headers: { authorization: `Bearer ${opsToken}`, 'cartwheel-operator': 'ada', 'content-type': 'application/json' },
    body: JSON.stringify({ reason: 'asked by Ada Moreau' }),
  });
  const { body } = await ask(`orderId=${fact.subject}&messages=${fact.id}`);
  expect(body['actions']).toEqual([
    { id: fact.id, consumer: 'inventory', type: 'OrderPlaced', action: 'discard', at: expect.any(String) },
  ]);
});
