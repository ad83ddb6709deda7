import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { contracts, topology } from '@cartwheel/contracts';
import { outboxSchema, type RelayRow } from '@cartwheel/outbox';
import { type Queryable, type Schema, transaction } from '@cartwheel/postgres';
import { newId } from '@cartwheel/primitives';
import { ddl, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { buried, capturePayment, delivered, orderPlaced } from './fixtures/burying.ts';
import { discard, parkingSchema, refusedTasks, replay, reveal, taskReplaySchema } from './index.ts';

// The inbox's table as its library has it; the library itself stands above this one.
const processedSchema: Schema = {
  name: 'processed',
  migrations: ddl('CREATE TABLE processed_events (consumer text, event_id uuid, PRIMARY KEY (consumer, event_id))'),
  grants: {},
};
const names = topology('ns');
const ada = { operator: 'ada' };
const why = { ...ada, reason: 'the order was a test' };

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase([outboxSchema, parkingSchema, processedSchema, taskReplaySchema]);
});
afterAll(() => db.drop());
beforeEach(() => db.admin.query('TRUNCATE outbox, parked_messages, processed_events, parked_message_actions'));

type Row = { position: number; state: string; attempts: number; due: boolean };
const rows = () =>
  db.admin.query<Row>(
    `SELECT position::float8 AS position, state, attempts, next_attempt_at <= now() AS due FROM parked_messages ORDER BY position`,
  );
const actions = () =>
  db.admin.query<Record<string, unknown>>(
    `SELECT operator, action, reason, position::float8 AS position, source, consumer, topic, event_id, type
     FROM parked_message_actions ORDER BY action_id`,
  );
const ids = () => db.admin.query<{ event_id: string }>('SELECT event_id FROM processed_events');
/** Key and payload as latin1: `toMatchObject` takes a Buffer for equal to every longer one that begins with it. */
const outbox = async () =>
  (await db.admin.query<RelayRow>('SELECT * FROM outbox ORDER BY seq')).map((row) => ({
    ...row,
    key: row.key?.toString('latin1'),
    payload: row.payload?.toString('latin1'),
  }));
const act = <T>(work: (tx: Queryable) => Promise<T>) => transaction(db.dataSource, work);
const replayed = (position: number) => act((tx) => replay(tx, position, ada, { contracts, topology: names }));
const discarded = (position: number) => act((tx) => discard(tx, position, why, contracts));

describe('a fact that is replayed', () => {
  test('is parked where it stood, due at once and with no attempt counted; its id stays taken', async () => {
    const position = await buried(db.dataSource, delivered(orderPlaced()));
    await replayed(position);
    expect(await rows()).toEqual([{ position, state: 'parked', attempts: 0, due: true }]);
    expect(await ids()).toHaveLength(1);
    expect(await outbox()).toEqual([]);
  });

  test('leaves every other row as it is', async () => {
    const orderId = newId();
    const [before, position, after] = [
      await buried(db.dataSource, delivered(orderPlaced(orderId))),
      await buried(db.dataSource, delivered(orderPlaced(orderId))),
      await buried(db.dataSource, delivered(orderPlaced(orderId))),
    ];
    await replayed(position);
    expect((await rows()).map((row) => [row.position, row.state])).toEqual([
      [before, 'dead'],
      [position, 'parked'],
      [after, 'dead'],
    ]);
  });

  test('is told behind which dead message of its key it waits, and how many wait behind it', async () => {
    const orderId = newId();
    await buried(db.dataSource, delivered(orderPlaced()));
    const first = await buried(db.dataSource, delivered(orderPlaced(orderId)));
    const second = await buried(db.dataSource, delivered(orderPlaced(orderId)));
    const third = await buried(db.dataSource, delivered(orderPlaced(orderId)));
    expect(await replayed(third)).toEqual({ blockedBy: first, behind: 0 });
    expect(await replayed(first)).toEqual({ blockedBy: null, behind: 2 });
    expect(await discarded(second)).toEqual({ blockedBy: null, behind: 1 });
  });
});

describe('a task that is replayed', () => {
  test('is no dead letter any more, is forgotten, and stands in the outbox for its own queue', async () => {
    const task = capturePayment();
    const delivery = delivered(task);
    await replayed(await buried(db.dataSource, delivery, { id: task.id }));
    expect([await rows(), await ids()]).toEqual([[], []]);
    expect(await outbox()).toMatchObject([
      {
        channel: 'rabbitmq',
        id: task.id,
        destination: '',
        key: 'ns.payment.card',
        type: 'CapturePayment',
        headers: delivery.headers,
        payload: delivery.value!.toString('latin1'),
      },
    ]);
  });

  test('has its failures counted from nothing', async () => {
    const counted = {
      cartwheel_attempt: '5',
      cartwheel_failures: '5',
      cartwheel_first_failed_at: new Date().toISOString(),
      'x-delivery-count': 3,
    };
    const delivery = delivered(capturePayment());
    await replayed(await buried(db.dataSource, { ...delivery, headers: { ...delivery.headers, ...counted } }));
    expect((await outbox())[0]!.headers).toEqual(delivery.headers);
  });

  test('goes to the queue of its worker also when it was taken from the one that a broker gives up to', async () => {
    await replayed(await buried(db.dataSource, delivered(capturePayment(), { topic: 'ns.payment.card.dead' })));
    expect(await outbox()).toMatchObject([{ destination: '', key: 'ns.payment.card' }]);
  });

  test('is as it was when its outbox row cannot be written', async () => {
    const position = await buried(db.dataSource, delivered(capturePayment()));
    await db.admin.query('ALTER TABLE outbox ADD CONSTRAINT refused CHECK (false)');
    await expect(replayed(position)).rejects.toThrow('refused');
    await db.admin.query('ALTER TABLE outbox DROP CONSTRAINT refused');
    expect(await rows()).toMatchObject([{ position, state: 'dead' }]);
    expect([(await ids()).length, await outbox(), await actions()]).toEqual([1, [], []]);
  });

  test('goes back to its queue also when no contract knows its type', async () => {
    const delivery = delivered(capturePayment());
    const headers = { ...delivery.headers, ce_type: 'Odd\0' + 'x'.repeat(400) };
    await replayed(await buried(db.dataSource, { ...delivery, headers, value: Buffer.from([0, 0xff]) }));
    expect(await outbox()).toMatchObject([
      { destination: '', key: 'ns.payment.card', type: 'unknown', payload: '\0\xff' },
    ]);
  });

  test.each([
    ['payload', { value: Buffer.alloc(900_000) }],
    ['headers', { headers: { ce_type: 'CapturePayment', big: 'x'.repeat(32_000) } }],
    ['correlation id', { headers: { ce_type: 'CapturePayment', ce_correlationid: 'x'.repeat(256) } }],
  ])('is refused, and stays dead, when the relay would stop at its %s', async (...[, change]) => {
    const position = await buried(db.dataSource, delivered(capturePayment(), change));
    await expect(replayed(position)).rejects.toMatchObject({ code: 'dead-letter-not-replayable', status: 409 });
    expect([await outbox(), (await rows())[0]!.state]).toEqual([[], 'dead']);
  });
});

describe('a task that the relay could not send', () => {
  const unroutable = async (type: string, destination = names.exchange): Promise<number> => {
    const task = capturePayment();
    const headers = { ...delivered(task).headers, ce_type: type } as Record<string, string>;
    const payload = Buffer.from(JSON.stringify(task.data));
    const key = Buffer.from('payment.card.capture');
    const row = { seq: '1', channel: 'rabbitmq' as const, id: task.id, destination, key, type, headers, payload };
    await db.pool.connect().then(async (client) => {
      await refusedTasks.keep(client, [{ row, reason: 'no queue is bound for it' }]).finally(() => client.release());
    });
    return (await rows()).at(-1)!.position;
  };

  test.each([['ns.tasks'], ['']])('when sent to %j is sent to the exchange of tasks again', async (destination) => {
    await replayed(await unroutable('CapturePayment', destination));
    expect(await rows()).toEqual([]);
    expect(await outbox()).toMatchObject([
      { destination: names.exchange, key: 'payment.card.capture', type: 'CapturePayment' },
    ]);
  });

  test('is refused when there is no way for its type any more', async () => {
    await expect(replayed(await unroutable('ChargeCoupon'))).rejects.toMatchObject({
      code: 'dead-letter-not-replayable',
    });
    expect(await rows()).toHaveLength(1);
  });
});

describe('a discard', () => {
  test('deletes the row; the id stays taken, and nothing is sent', async () => {
    await discarded(await buried(db.dataSource, delivered(orderPlaced())));
    expect([await rows(), (await ids()).length, await outbox()]).toEqual([[], 1, []]);
  });

  test.each([[undefined], [''], ['   ']])('with %j for a reason is refused', async (reason) => {
    const position = await buried(db.dataSource, delivered(orderPlaced()));
    const attempt = act((tx) => discard(tx, position, { ...ada, reason }, contracts));
    await expect(attempt).rejects.toMatchObject({ code: 'dead-letter-reason-missing', status: 400 });
    expect(await rows()).toHaveLength(1);
  });
});

describe.each([
  ['replay', replayed],
  ['discard', discarded],
])('a %s', (...[, of]) => {
  test('of a message that is not dead any more, but parked, is refused', async () => {
    const position = await buried(db.dataSource, delivered(orderPlaced()));
    await replayed(position);
    await expect(of(position)).rejects.toMatchObject({ code: 'dead-letter-not-dead', status: 409 });
    expect([(await rows()).length, (await actions()).length]).toEqual([1, 1]);
  });

  test('of a message that somebody has dealt with is refused, and of one that never was is not found', async () => {
    const position = await buried(db.dataSource, delivered(orderPlaced()));
    await discarded(position);
    await expect(of(position)).rejects.toMatchObject({ code: 'dead-letter-not-dead', status: 409 });
    await expect(of(position + 1)).rejects.toMatchObject({ code: 'dead-letter-not-found', status: 404 });
  });

  test.each([
    ['fact', () => delivered(orderPlaced())],
    ['task', () => delivered(capturePayment())],
  ])('of one %s by ten operators at once happens once, and is recorded once', async (...[, delivery]) => {
    const position = await buried(db.dataSource, delivery());
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => of(position)));
    const refused = answers.filter((answer) => answer.status === 'rejected');
    expect(refused.map(({ reason }) => (reason as { code: string }).code)).toEqual(
      Array.from({ length: 9 }, () => 'dead-letter-not-dead'),
    );
    expect(await actions()).toHaveLength(1);
    expect((await outbox()).length).toBeLessThanOrEqual(1);
  });

  test('that cannot be recorded does not happen', async () => {
    const position = await buried(db.dataSource, delivered(orderPlaced()));
    await db.admin.query('ALTER TABLE parked_message_actions ADD CONSTRAINT refused CHECK (false)');
    await expect(of(position)).rejects.toThrow('refused');
    await db.admin.query('ALTER TABLE parked_message_actions DROP CONSTRAINT refused');
    expect(await rows()).toMatchObject([{ position, state: 'dead' }]);
  });
});

test('every action is on record: who, what, why, and what it was about; and no service can change that', async () => {
  const placed = orderPlaced();
  const position = await buried(db.dataSource, delivered(placed), { id: placed.id });
  await act((tx) => reveal(tx, position, ada, contracts));
  await act((tx) => discard(tx, position, why, contracts));
  const about = {
    position,
    source: 'kafka',
    consumer: 'inventory',
    topic: 'order-events',
    event_id: placed.id,
    type: 'OrderPlaced',
  };
  expect(await actions()).toEqual([
    { operator: 'ada', action: 'reveal', reason: null, ...about },
    { operator: 'ada', action: 'discard', reason: 'the order was a test', ...about },
  ]);
  await expect(db.pool.query('DELETE FROM parked_message_actions')).rejects.toThrow('permission denied');
  await expect(db.pool.query(`UPDATE parked_message_actions SET operator = 'eve'`)).rejects.toThrow(
    'permission denied',
  );
});
