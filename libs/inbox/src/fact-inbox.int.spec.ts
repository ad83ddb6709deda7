import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { contracts, fact, topology } from '@cartwheel/contracts';
import { outboxSchema, Wake } from '@cartwheel/outbox';
import { parking, parkingSchema } from '@cartwheel/parking';
import { DatabaseUnavailable } from '@cartwheel/postgres';
import { newId } from '@cartwheel/primitives';
import { ddl, deliveredFact as delivered, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { type FactContext, FactInbox, type FactInboxOptions, inboxSchema } from './index.ts';

let db: TestDatabase;
const counters = {
  name: 'counters',
  migrations: ddl('CREATE TABLE counters (order_id uuid PRIMARY KEY, n int NOT NULL)'),
  grants: { counters: 'SELECT, INSERT, UPDATE' },
};
const live = new AbortController().signal;
let events: { event: string; details: Record<string, unknown> }[] = [];

beforeAll(async () => {
  db = await testDatabase([outboxSchema, parkingSchema, inboxSchema, counters]);
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.admin.query('TRUNCATE outbox, parked_messages, processed_events, counters');
  events = [];
});

function inbox(options: Partial<FactInboxOptions> = {}) {
  return new FactInbox({
    consumer: 'inventory',
    dataSource: db.dataSource,
    origin: { source: 'inventory', contracts, topology: topology() },
    wake: new Wake(),
    parking,
    onEvent: (event, details) => events.push({ event, details }),
    ...options,
  });
}

/** Counts how often an order was dealt with, and announces it. */
async function count(_: string, data: unknown, { tx, emit }: FactContext) {
  const { orderId } = data as { orderId: string };
  await tx.query('INSERT INTO counters VALUES ($1, 1) ON CONFLICT (order_id) DO UPDATE SET n = counters.n + 1', [
    orderId,
  ]);
  emit(fact('StockReleased', orderId, { orderId, items: [{ sku: 'mug', quantity: 1 }] }));
}
const counting = { has: (type: string) => type === 'OrderCancelled', handle: count };

const counted = () => db.admin.query<{ order_id: string; n: number }>('SELECT * FROM counters');
const outbox = () =>
  db.admin.query<{ destination: string; headers: Record<string, unknown>; payload: Buffer | null }>(
    'SELECT * FROM outbox',
  );
const dead = () =>
  db.admin.query<{ error_class: string; attempts: number; payload: Buffer | null; key: Buffer }>(
    'SELECT * FROM parked_messages',
  );
const processed = () => db.admin.query<{ event_id: string }>('SELECT event_id FROM processed_events');

describe('a fact', () => {
  test('is applied with its effect, its id and what it announces in one transaction', async () => {
    const delivery = delivered();
    await inbox().apply([delivery], counting, live);
    expect(await counted()).toMatchObject([{ n: 1 }]);
    expect(await processed()).toEqual([{ event_id: delivery.headers['ce_id'] }]);
    const [row] = await outbox();
    expect(row!.headers).toMatchObject({
      ce_causationid: delivery.headers['ce_id'],
      ce_correlationid: delivery.headers['ce_correlationid'],
    });
  });

  test('that is delivered again, in the same chunk, later, or to two instances at once, is applied once', async () => {
    const delivery = delivered();
    await inbox().apply([delivery, delivery], counting, live);
    await inbox().apply([delivery], counting, live);
    const other = delivered();
    await Promise.all(Array.from({ length: 8 }, () => inbox().apply([other], counting, live)));
    expect((await counted()).map(({ n }) => n)).toEqual([1, 1]);
    expect(await outbox()).toHaveLength(2);
    expect(events.filter(({ event }) => event === 'duplicate')).toHaveLength(2 + 7);
  });

  test('of a type without a handler is passed over and leaves nothing', async () => {
    await inbox().apply([delivered(newId(), { headers: { ce_type: 'SomethingElse' } })], counting, live);
    expect(await processed()).toEqual([]);
    expect(await dead()).toEqual([]);
    expect(events.map(({ event }) => event)).toEqual(['skipped']);
  });
});

describe('a handler that fails', () => {
  const once = (attempts = { n: 0 }) => ({
    ...counting,
    handle: async (type: string, data: unknown, context: FactContext) => {
      await count(type, data, context);
      if ((attempts.n += 1) === 1) throw new TypeError('once');
    },
  });

  test('and works when the chunk is done again leaves one effect and nothing set aside', async () => {
    await inbox().apply([delivered()], once(), live);
    expect(await counted()).toMatchObject([{ n: 1 }]);
    expect(await outbox()).toHaveLength(1);
    expect(await dead()).toEqual([]);
  });

  test.each([
    ['emits against a contract', () => fact('StockReleased', newId(), { orderId: 'nobody', items: [] })],
    [
      'emits what no broker takes',
      () =>
        fact('StockReleased', newId(), {
          orderId: newId(),
          items: Array.from({ length: 20_000 }, () => ({ sku: 'x'.repeat(60), quantity: 1 })),
        }),
    ],
  ])('and %s is dead at once, with a copy for other tools, not repeated for ever', async (_, message) => {
    const handlers = {
      ...counting,
      handle: (__: string, ___: unknown, { emit }: FactContext) => Promise.resolve(emit(message())),
    };
    const delivery = delivered();
    await inbox().apply([delivery], handlers, live);
    expect(await dead()).toMatchObject([{ error_class: 'Permanent', attempts: 1, state: 'dead' }]);
    const copy = (await outbox()).find(({ destination }) => destination === 'order-events.inventory.dlq')!;
    expect(copy.payload).toEqual(delivery.value);
    expect(copy.headers).toMatchObject({
      dlq_original_topic: 'order-events',
      dlq_original_offset: delivery.offset,
      dlq_original_timestamp: delivery.timestamp,
      dlq_attempts: '1',
    });
  });

  test('is a dead letter and nothing else where there is no parking, and the later ones of its key pass it', async () => {
    const [bad, behind] = [delivered(), delivered()].map((one) => ({ ...one, key: Buffer.from('one key') }));
    const handlers = {
      ...counting,
      handle: async (type: string, data: unknown, context: FactContext) => {
        await count(type, data, context);
        if (context.delivery === bad) throw new Error('no');
      },
    };
    const alone = inbox({ parking: undefined });
    await alone.apply([bad!, behind!], handlers, live);
    await alone.apply([bad!, behind!], counting, live);
    expect(await counted()).toMatchObject([{ n: 1 }]);
    expect(await dead()).toEqual([]);
    const copies = (await outbox()).filter(({ destination }) => destination.endsWith('.dlq'));
    expect(copies.map(({ payload }) => payload)).toEqual([bad!.value]);
    expect(events.map(({ event }) => event)).toEqual(['divided', 'dead', 'duplicate', 'duplicate']);
  });
});

describe('an error of the database', () => {
  test('counts for nobody: the chunk comes again, and nothing is dead', async () => {
    const delivery = delivered();
    const handlers = {
      ...counting,
      handle: async (type: string, data: unknown, context: FactContext) => {
        await count(type, data, context);
        const [me] = await context.tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        await db.admin.query('SELECT pg_terminate_backend($1)', [me!.pid]);
        // What a handler makes of it does not matter.
        await context.tx.query('SELECT 1').catch(() => {
          throw new TypeError('cannot read properties of undefined');
        });
      },
    };
    await expect(inbox().apply([delivery], handlers, live)).rejects.toBeInstanceOf(DatabaseUnavailable);
    expect(await dead()).toEqual([]);
    expect(await processed()).toEqual([]);
    await inbox().apply([delivery], counting, live);
    expect(await counted()).toMatchObject([{ n: 1 }]);
  });

  test.each([
    ['a time-out', `SELECT pg_sleep(5)`],
    ['a conflict', `DO $$ BEGIN RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001'; END $$`],
  ])('that is %s counts for nobody, whatever the handler makes of it', async (_, sql) => {
    const handlers = (make: (error: unknown) => void) => ({
      ...counting,
      handle: async (__: string, ___: unknown, { delivery, tx }: FactContext) => {
        if (delivery === first) throw new Error('no');
        await tx.query('SET LOCAL statement_timeout = 50');
        await tx.query(sql).catch(make);
      },
    });
    // Behind one that fails by itself, so that each stands under its own savepoint.
    const first = delivered();
    for (const make of [
      (error: unknown) => Promise.reject(error),
      () => Promise.reject(new TypeError('of the handler')),
      () => 'never mind',
    ]) {
      const chunk = [first, delivered()];
      await expect(inbox().apply(chunk, handlers(make), live)).rejects.toBeInstanceOf(DatabaseUnavailable);
    }
    expect(await dead()).toMatchObject([{ record_offset: first.offset }]);
    expect(await processed()).toHaveLength(1);
  });
});

test.each([
  ['is no JSON', { value: Buffer.from('{"broken') }],
  ['has no value', { value: null }],
  ['has no headers', { headers: {} }],
  ['has no key and is no JSON', { key: null, value: Buffer.from([0, 1, 255]) }],
  ['breaks its contract', { value: Buffer.from('{"orderId":7}') }],
  ['has a key longer than an index takes', { key: randomBytes(4_000), value: Buffer.from('{') }],
  ['is larger than its dead-letter topic takes', { value: Buffer.alloc(3_000_000, 'x') }],
  ['has NUL in its subject', { headers: { ...delivered().headers, ce_subject: 'a\0b' } }],
])('a record that %s is dead at once, byte for byte, and the ones behind it are applied', async (_, change) => {
  const [poison, good] = [delivered(newId(), change), delivered()];
  await inbox().apply([poison, good], counting, live);
  await inbox().apply([poison], counting, live);
  expect(await counted()).toMatchObject([{ n: 1 }]);
  expect(await dead()).toMatchObject([{ error_class: 'UnreadableMessage', attempts: 1, payload: poison.value }]);
  const [copy] = (await outbox()).filter(({ destination }) => destination.endsWith('.dlq'));
  // Whatever was in it, Kafka takes the copy: one row that it refuses would stop the relay.
  expect(JSON.stringify(copy!.headers).length + (copy!.payload?.length ?? 0)).toBeLessThan(1_900_000);
});

test('the rows that two consumers touch in opposite orders are locked in one order: no deadlock, nothing is lost', async () => {
  await db.admin.query(`INSERT INTO counters SELECT gen_random_uuid(), 0 FROM generate_series(1, 4)`);
  const ids = (await counted()).map(({ order_id: id }) => id);
  let deadlocks = 0;
  const run = async (order: string[]) => {
    const handlers = {
      ...counting,
      handle: async (_: string, __: unknown, { tx }: FactContext) => {
        for (const id of order) await tx.query('UPDATE counters SET n = n + 1 WHERE order_id = $1', [id]);
      },
    };
    const locks: FactInboxOptions['locks'] = (tx) =>
      tx.query('SELECT 1 FROM counters WHERE order_id = ANY($1) ORDER BY order_id FOR UPDATE', [order]);
    for (let n = 0; n < 30; n += 1) {
      await inbox({ locks })
        .apply([delivered()], handlers, live)
        .catch(() => (deadlocks += 1));
    }
  };
  await Promise.all([run(ids), run(ids.toReversed()), run(ids), run(ids.toReversed())]);
  expect(deadlocks).toBe(0);
  expect((await counted()).map(({ n }) => n)).toEqual([120, 120, 120, 120]);
});
