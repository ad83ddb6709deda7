import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { contracts, topology } from '@cartwheel/contracts';
import { TaskInbox } from '@cartwheel/inbox';
import { createLogger } from '@cartwheel/observability';
import { UnitOfWork, Wake } from '@cartwheel/outbox';
import { parking } from '@cartwheel/parking';
import { declareTopology, RabbitmqPublisher } from '@cartwheel/rabbitmq';
import { engines, eventually, rabbitmqQueue, testDatabase, type TestDatabase, testNamespace } from '@cartwheel/testing';
import type { GetMessage } from 'amqplib';
import { buried, capturePayment, delivered, orderPlaced } from '../../parking/src/fixtures/burying.ts';
import { z } from 'zod';
import { DeadLetter, ParkedMessages, Revealed, Standing } from './dead-letters.responses.ts';
import { startOpsServer } from './fixtures/ops-server.ts';
import { rabbitmqRelay } from './relays.ts';
import { workerSchemas } from './schemas.ts';

const { url: broker } = engines().rabbitmq;
const names = topology(testNamespace());
const opsToken = 'a-token-for-this-test';
const operator = { authorization: `Bearer ${opsToken}`, 'cartwheel-operator': 'ada' };

let db: TestDatabase;
let server: Awaited<ReturnType<typeof startOpsServer>>;
beforeAll(async () => {
  db = await testDatabase(workerSchemas);
  server = await startOpsServer(db.dataSource, { namespace: names.namespace, opsToken });
  await declareTopology(broker, names);
});
afterAll(async () => {
  await server.close();
  await db.drop();
});
beforeEach(() =>
  db.admin.query('TRUNCATE outbox, parked_messages, processed_events, parked_message_actions, task_attempts'),
);

type Answer = { status: number; body: Record<string, unknown> };
/** Whatever is answered in this suite has the shape that the API's document gives, no field more and none less. */
const shapes = (
  [
    [/^(dead-letters|parked)(\?|$)/, ParkedMessages],
    [/^dead-letters\/[^/]+$/, DeadLetter],
    [/\/(replay|discard)$/, Standing],
    [/\/reveal$/, Revealed],
  ] as const
).map(([path, schema]) => [path, z.fromJSONSchema(z.toJSONSchema(schema) as never)] as const);

async function ask(path: string, init: RequestInit = {}, at = server.url): Promise<Answer> {
  const response = await fetch(`${at}/ops/${path}`, { headers: operator, ...init });
  const body = (await response.json()) as Record<string, unknown>;
  if (response.ok) shapes.find(([place]) => place.test(path))![1].parse(body);
  return { status: response.status, body };
}
function post(path: string, body?: object, headers: Record<string, string> = operator): Promise<Answer> {
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  return ask(path, { method: 'POST', headers: { ...headers, ...type }, ...json });
}
const states = async () =>
  (await db.admin.query<{ state: string }>('SELECT state FROM parked_messages')).map(({ state }) => state);
const actions = () => db.admin.query('SELECT operator, action, reason FROM parked_message_actions');

describe('whoever is no operator', () => {
  test.each([
    ['no token', {}],
    ['another token', { authorization: 'Bearer another-token-altogether' }],
    ['the token in another scheme', { authorization: `Basic ${opsToken}` }],
  ])('with %s sees and changes nothing', async (...[, headers]) => {
    const position = await buried(db.dataSource, delivered(orderPlaced()));
    const refused = { status: 403, body: { code: 'operators-only' } };
    for (const path of ['dead-letters', 'parked', `dead-letters/${position}`]) {
      expect(await ask(path, { headers: headers as Record<string, string> })).toMatchObject(refused);
    }
    for (const action of ['replay', 'discard', 'reveal']) {
      const headersToo = { ...headers, 'cartwheel-operator': 'eve' } as Record<string, string>;
      const answer = await post(`dead-letters/${position}/${action}`, { reason: 'none' }, headersToo);
      expect(answer).toMatchObject(refused);
    }
    expect([await states(), await actions()]).toEqual([['dead'], []]);
  });

  test('is everybody where no token was configured', async () => {
    const closed = await startOpsServer(db.dataSource);
    for (const authorization of ['Bearer ', 'Bearer', '', operator.authorization]) {
      const answer = await ask('dead-letters', { headers: { authorization } }, closed.url);
      expect(answer).toMatchObject({ status: 403, body: { code: 'operators-only' } });
    }
    await closed.close();
  });
});

describe('an operator', () => {
  test('lists dead and parked messages, looks at one, and replays, reveals and discards', async () => {
    const [first, second] = [
      await buried(db.dataSource, delivered(orderPlaced())),
      await buried(db.dataSource, delivered(orderPlaced())),
    ];
    expect(await post(`dead-letters/${first}/replay`)).toEqual({ status: 200, body: { blockedBy: null, behind: 0 } });
    expect(await ask('parked')).toMatchObject({ status: 200, body: { items: [{ position: first, state: 'parked' }] } });
    expect(await ask('dead-letters?type=OrderPlaced&limit=1')).toMatchObject({
      body: { items: [{ position: second }], next: null },
    });
    expect(await ask(`dead-letters/${second}`)).toMatchObject({ status: 200, body: { state: 'dead' } });
    expect(await post(`dead-letters/${second}/reveal`, {})).toMatchObject({ body: { errorMessage: 'no use' } });
    expect(await post(`dead-letters/${second}/discard`, { reason: 'a test' })).toMatchObject({ status: 200 });
    expect(await states()).toEqual(['parked']);
    expect(await actions()).toEqual([
      { operator: 'ada', action: 'replay', reason: null },
      { operator: 'ada', action: 'reveal', reason: null },
      { operator: 'ada', action: 'discard', reason: 'a test' },
    ]);
  });

  test.each(['replay', 'discard', 'reveal'])('who does not say who they are cannot %s', async (action) => {
    const position = await buried(db.dataSource, delivered(orderPlaced()));
    const { authorization } = operator;
    const answer = await post(`dead-letters/${position}/${action}`, { reason: 'a test' }, { authorization });
    expect(answer).toMatchObject({ status: 400, body: { code: 'operator-missing' } });
    expect([await states(), await actions()]).toEqual([['dead'], []]);
  });

  test.each([
    ['consummer=inventory'],
    ['consumer='],
    ['consumer=a&consumer=b'],
    ['type=%00'],
    ['since=yesterday'],
    ['after=-1'],
    ['limit=0'],
    ['limit=201'],
    ['state=parked'],
  ])('who filters by %s is told that this is no filter', async (query) => {
    expect(await ask(`dead-letters?${query}`)).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
  });

  test('whose request makes no sense is told which stable code it has', async () => {
    const position = await buried(db.dataSource, delivered(orderPlaced()));
    const code = async (answer: Promise<Answer>) => (await answer).body['code'];
    expect(await code(post(`dead-letters/${position}/discard`))).toBe('dead-letter-reason-missing');
    expect(await code(post(`dead-letters/${position}/discard`, { reason: 'nul\0' }))).toBe('invalid-request');
    expect(await code(post(`dead-letters/${position + 1}/replay`))).toBe('dead-letter-not-found');
    expect(await code(ask(`dead-letters/${position + 1}`))).toBe('dead-letter-not-found');
    expect(await code(ask('dead-letters/1e3'))).toBe('invalid-request');
    expect(await code(ask('dead-letters/99999999999999999999'))).toBe('invalid-request');
    await post(`dead-letters/${position}/replay`);
    expect(await code(post(`dead-letters/${position}/replay`))).toBe('dead-letter-not-dead');
    expect(await code(ask('parked?key=%00'))).toBeUndefined();
  });
});

test.each(['replay', 'discard'])('a %s that cannot be recorded does not happen', async (action) => {
  const position = await buried(db.dataSource, delivered(capturePayment()));
  await db.admin.query('ALTER TABLE parked_message_actions ADD CONSTRAINT refused CHECK (false)');
  try {
    const answer = await post(`dead-letters/${position}/${action}`, { reason: 'a test' });
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal-error' } });
  } finally {
    await db.admin.query('ALTER TABLE parked_message_actions DROP CONSTRAINT refused');
  }
  expect(await states()).toEqual(['dead']);
  expect(await db.admin.query('SELECT 1 FROM outbox')).toEqual([]);
});

test('a task that is replayed reaches its queue again, and its worker takes it for the same task and not for a repeat', async () => {
  const task = capturePayment();
  const name = names.queue('payment.card');
  const delivery = delivered(task, { topic: name });
  const position = await buried(db.dataSource, delivery, { id: task.id });
  const wake = new Wake();
  const origin = { source: 'payment', contracts, topology: names };
  const unitOfWork = new UnitOfWork(db.dataSource, origin, wake);
  const inbox = new TaskInbox({
    consumer: 'payment.card',
    dataSource: db.dataSource,
    origin,
    unitOfWork,
    wake,
    parking,
  });
  const seen: unknown[] = [];
  const worker = { has: () => true, handle: async (_: string, data: unknown) => void seen.push(data) };
  const live = new AbortController().signal;
  await inbox.apply(delivery, worker, live);
  expect(seen).toEqual([]); // dead and claimed: it would not be done

  const publisher = new RabbitmqPublisher(broker, 'test');
  const logger = createLogger('test', 'silent');
  const relay = rabbitmqRelay(
    { connectionString: db.url, wake, pollIntervalMs: 20, logger, onFatal: (reason) => expect(reason).toBe('') },
    publisher,
  );
  const queue = await rabbitmqQueue(broker, { queue: name, exchange: names.exchange, routingKey: '' });
  try {
    expect(await post(`dead-letters/${position}/replay`)).toMatchObject({ status: 200 });
    relay.start();
    const again = await eventually(async () => {
      const message = await queue.channel.get(name, { noAck: true });
      expect(message).not.toBe(false);
      return message as GetMessage;
    });
    expect(again.properties).toMatchObject({ messageId: task.id, type: 'CapturePayment', headers: delivery.headers });
    await inbox.apply({ ...delivery, headers: again.properties.headers ?? {}, value: again.content }, worker, live);
    expect(seen).toEqual([task.data]);
    expect(await states()).toEqual([]);
  } finally {
    await relay.stop();
    await Promise.all([publisher.close(), queue.close()]);
  }
});
