import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { contracts, type Delivery, fact, topology } from '@cartwheel/contracts';
import { type FactContext, FactInbox, type FactInboxOptions, inboxSchema } from '@cartwheel/inbox';
import { outboxSchema, Wake } from '@cartwheel/outbox';
import { createDataSource, DatabaseUnavailable } from '@cartwheel/postgres';
import { newId, Permanent } from '@cartwheel/primitives';
import { ddl, deliveredFact, eventually, testDatabase, type TestDatabase } from '@cartwheel/testing';
import pg from 'pg';
import { parking, parkingSchema, Retrier } from './index.ts';

let db: TestDatabase;
const running: Retrier[] = [];
const effects = {
  name: 'effects',
  migrations: ddl('CREATE TABLE effects (place bigint GENERATED ALWAYS AS IDENTITY, record_offset text)'),
  grants: { effects: 'SELECT, INSERT' },
};

beforeAll(async () => {
  db = await testDatabase([outboxSchema, inboxSchema, parkingSchema, effects]);
});
afterAll(() => db.drop());
beforeEach(() => db.admin.query('TRUNCATE outbox, parked_messages, processed_events, effects'));
afterEach(async () => {
  await Promise.all(running.splice(0).map((retrier) => retrier.stop()));
});

type Step = (context: FactContext) => Promise<unknown> | void;
type Options = Partial<Pick<FactInboxOptions, 'dataSource' | 'locks'>> & { events?: unknown[] };

/** One instance of the consumer `inventory`, whose handler leaves a row and an announcement and then does `step`. */
function instance(step: Step = () => undefined, { dataSource = db.dataSource, locks, events = [] }: Options = {}) {
  const wake = new Wake();
  const origin = { source: 'inventory', contracts, topology: topology() };
  const inbox = new FactInbox({ consumer: 'inventory', dataSource, origin, wake, parking, locks });
  const handlers = {
    has: (type: string) => type === 'OrderCancelled',
    async handle(_: string, data: unknown, context: FactContext) {
      const { orderId } = data as { orderId: string };
      await context.tx.query('INSERT INTO effects (record_offset) VALUES ($1)', [context.delivery.offset]);
      context.emit(fact('StockReleased', orderId, { orderId, items: [{ sku: 'mug', quantity: 1 }] }));
      await step(context);
    },
  };
  const onEvent = (event: string, details: Record<string, unknown>) => events.push({ event, ...details });
  const retrier = new Retrier({
    consumer: 'inventory',
    dataSource,
    topology: topology(),
    inbox,
    handlers,
    wake,
    onEvent,
  });
  const apply = (...chunk: Delivery[]) => inbox.apply(chunk, handlers, new AbortController().signal);
  return { retrier, apply, runOnce: () => retrier.runOnce() };
}

const no = () => Promise.reject(new Error('no'));
/** Parks the first, with the others behind it; then it is due. */
async function park(...chunk: Delivery[]) {
  const { offset } = chunk[0]!;
  await instance(({ delivery }) => (delivery.offset === offset ? no() : undefined)).apply(...chunk);
  await due();
}
const due = () =>
  db.admin.query(`UPDATE parked_messages SET next_attempt_at = now() - interval '1 min' WHERE attempts > 0`);
const keyed = (n: number, key = newId()) =>
  Array.from({ length: n }, () => deliveredFact(newId(), { key: Buffer.from(key) }));
const offsets = (deliveries: readonly Delivery[]) => deliveries.map(({ offset }) => offset!);
const applied = async () =>
  (await db.admin.query<{ offset: string }>('SELECT record_offset AS offset FROM effects ORDER BY place')).map(
    ({ offset }) => offset,
  );
type Kept = {
  position: string;
  state: string;
  attempts: number;
  offset: string;
  wait_s: number;
  error_message: string;
};
const kept = () =>
  db.admin.query<Kept>(
    `SELECT *, record_offset AS offset, extract(epoch FROM next_attempt_at - now())::float8 AS wait_s
     FROM parked_messages ORDER BY position`,
  );
const outbox = (type: string) =>
  db.admin.query<{ headers: Record<string, unknown> }>('SELECT * FROM outbox WHERE type = $1', [type]);

describe('a head that is due', () => {
  test('is applied as a fresh fact is, its row goes, and those behind it follow in order', async () => {
    const chunk = keyed(4);
    await park(...chunk);
    const seen: Delivery[] = [];
    await instance(({ delivery }) => void seen.push(delivery)).runOnce();
    expect(await applied()).toEqual(offsets(chunk));
    expect(seen[0]).toMatchObject({ ...chunk[0], headers: expect.anything() });
    expect(await kept()).toEqual([]);
    const [announced] = await outbox('StockReleased');
    expect(announced!.headers).toMatchObject({ ce_causationid: chunk[0]!.headers['ce_id'] });
    await instance().apply(...chunk);
    expect(await applied()).toHaveLength(4);
  });

  test('that fails again waits longer, holds those behind it, and leaves nothing of its attempt', async () => {
    await park(...keyed(2));
    for (const attempts of [2, 3, 4]) {
      await instance(no).runOnce();
      const [head] = await kept();
      expect(head).toMatchObject({ state: 'parked', attempts });
      expect(head!.wait_s).toBeGreaterThan(2 ** (attempts - 1) / 2 - 0.5);
      expect(head!.wait_s).toBeLessThanOrEqual(2 ** (attempts - 1));
      expect(await instance().runOnce()).toBeGreaterThan(0);
      await due();
    }
    expect([await applied(), await outbox('StockReleased')]).toEqual([[], []]);
  });

  test('is dead after ten attempts, with a copy for other tools, and holds its key', async () => {
    const chunk = keyed(2);
    await park(...chunk);
    const events: { event: string }[] = [];
    for (let attempt = 2; attempt <= 10; attempt += 1) {
      expect(await outbox('DeadLetter')).toEqual([]);
      await instance(no, { events }).runOnce();
      await due();
    }
    await instance().runOnce();
    expect(await kept()).toMatchObject([
      { state: 'dead', attempts: 10 },
      { state: 'parked', attempts: 0 },
    ]);
    expect(await applied()).toEqual([]);
    const [copy] = await outbox('DeadLetter');
    expect(copy!.headers).toMatchObject({ dlq_attempts: '10', dlq_original_offset: chunk[0]!.offset });
    expect(events.map(({ event }) => event)).toEqual([...Array.from({ length: 8 }, () => 'failed'), 'dead']);
  });

  test.each<[string, Step | 'nobody', string]>([
    ['whose error is Permanent', () => Promise.reject(new Permanent('never')), 'dead'],
    ['that nobody handles here any more', 'nobody', 'parked'],
  ])('%s is not lost', async (...[, step, state]) => {
    const [one] = keyed(1);
    await park(one!);
    if (step === 'nobody') {
      const headers = { ce_type: { base64: Buffer.from('OrderPlaced').toString('base64') } };
      const data = { orderId: newId(), customer: { name: 'Ada', email: 'a@b.example' }, paymentMethod: 'card' };
      const money = { amountMinor: 1, currency: 'EUR' };
      const items = [{ sku: 'mug', name: 'Mug', quantity: 1, unitPrice: money }];
      const value = Buffer.from(JSON.stringify({ ...data, items, total: money }));
      await db.admin.query('UPDATE parked_messages SET headers = headers || $1, payload = $2', [headers, value]);
    }
    await instance(step === 'nobody' ? undefined : step).runOnce();
    expect(await kept()).toMatchObject([{ state, attempts: 2, offset: one!.offset }]);
  });

  test('is not touched while it is dead, nor are those of other consumers and tasks', async () => {
    await park(...keyed(2));
    await db.admin.query(`UPDATE parked_messages SET state = 'dead' WHERE attempts > 0`);
    const [foreign] = keyed(1);
    const tx = { query: db.admin.query };
    const failure = { error: new Error('no'), attempts: 1, firstFailedAt: new Date() };
    await parking.keep(tx, 'email', [{ id: newId(), delivery: foreign!, state: 'parked', failure }]);
    await due();
    await instance().runOnce();
    expect(await applied()).toEqual([]);
    expect(await kept()).toHaveLength(3);
  });
});

describe('an error of the database', () => {
  const kill: Step = async ({ tx }) => {
    const [me] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await db.admin.query('SELECT pg_terminate_backend($1)', [me!.pid]);
    throw new TypeError('of the handler');
  };
  const timeOut: Step = async ({ tx }) => {
    await tx.query('SET LOCAL statement_timeout = 20');
    await tx.query('SELECT pg_sleep(5)').catch(() => {
      throw new TypeError('of the handler');
    });
  };

  test.each([
    ['that kills the connection', kill],
    ['that ends a statement', timeOut],
  ])('%s is no attempt, and does not hold up the other keys', async (_, step) => {
    const [[bad], [good]] = [keyed(1), keyed(1)];
    await park(bad!);
    await park(good!);
    const { runOnce } = instance((context) => (context.delivery.offset === bad!.offset ? step(context) : undefined));
    await expect(runOnce()).rejects.toBeInstanceOf(DatabaseUnavailable);
    expect(await applied()).toEqual([good!.offset]);
    expect(await kept()).toMatchObject([{ attempts: 1, state: 'parked', offset: bad!.offset }]);
  });
});

describe('an error of the code', () => {
  test('in the locks is an attempt like any other', async () => {
    await park(...keyed(1));
    const { runOnce } = instance(undefined, { locks: (tx) => tx.query('SELECT $1::int', [1, 2]) });
    await runOnce();
    expect(await kept()).toMatchObject([
      { attempts: 2, state: 'parked', error_message: expect.stringContaining('08P01') },
    ]);
  });

  test('that might be chance is an attempt when it comes for the third time in a row', async () => {
    await park(...keyed(1));
    const { runOnce } = instance(({ tx }) => tx.query(`DO $$ BEGIN RAISE 'no' USING ERRCODE = 'XX000'; END $$`));
    for (const attempts of [1, 1, 2]) {
      await runOnce().catch(() => undefined);
      expect(await kept()).toMatchObject([{ attempts, state: 'parked' }]);
      await due();
    }
  });

  test.each([
    ['08P01', 'SELECT $1::int', [1, 2]],
    ['57014', `DO $$ BEGIN RAISE 'no' USING ERRCODE = '57014'; END $$`, []],
  ])('at a hundred heads (%s) does not keep the others from their turn', async (_, sql, values) => {
    const bad = Array.from({ length: 100 }, () => keyed(1)[0]!);
    const good = Array.from({ length: 5 }, () => keyed(1)[0]!);
    await instance(() => no()).apply(...bad, ...good);
    await due();
    await db.admin.query(
      `UPDATE parked_messages SET next_attempt_at = now() - interval '30 s' WHERE record_offset = ANY($1::bigint[])`,
      [offsets(good)],
    );
    const badOnes = new Set(offsets(bad));
    const { runOnce } = instance(({ delivery, tx }) =>
      badOnes.has(delivery.offset!) ? tx.query(sql, values) : undefined,
    );
    for (let round = 0; round < 2; round += 1) await runOnce().catch(() => undefined);
    expect(new Set(await applied())).toEqual(new Set(offsets(good)));
  });
});

describe('two retriers', () => {
  /** Two keys, and a retrier that is held up at the first one while its list names both. */
  async function heldUp() {
    const [first, [...second]] = [keyed(1), keyed(2)];
    await park(...first);
    await db.admin.query(`UPDATE parked_messages SET next_attempt_at = now() - interval '1 hour'`);
    await park(...second);
    await db.admin.query(
      `UPDATE parked_messages SET next_attempt_at = now() - interval '1 hour' WHERE record_offset = $1`,
      [first[0]!.offset],
    );
    const { promise, resolve } = Promise.withResolvers<void>();
    let isIn = false;
    const slow = instance(async ({ delivery }) => {
      if (delivery.offset !== first[0]!.offset) return;
      isIn = true;
      await promise;
    });
    const round = slow.runOnce();
    await eventually(() => expect(isIn).toBe(true));
    return { first, second, finish: () => (resolve(), round) };
  }

  test('do not try one message at the same time', async () => {
    const { first, second, finish } = await heldUp();
    await instance().runOnce();
    expect(await applied()).toEqual(offsets(second));
    // Nor is it taken for one that somebody died over.
    expect(await kept()).toMatchObject([{ offset: first[0]!.offset, attempts: 1 }]);
    await finish();
    expect(await applied()).toHaveLength(3);
    expect(first).toHaveLength(1);
  });

  test('do not try again at once what the other has just tried: the list of one is older than the attempt of the other', async () => {
    const { second, finish } = await heldUp();
    await instance(no).runOnce();
    await finish();
    expect(await kept()).toMatchObject([{ offset: second[0]!.offset, attempts: 2 }, { attempts: 0 }]);
  });

  test('see that a message is not the head of its key any more', async () => {
    const { second, finish } = await heldUp();
    // Somebody puts one back before it, as an operator with SQL might.
    await db.admin.query(
      `INSERT INTO parked_messages (position, source, consumer, topic, key, state, attempts, next_attempt_at, event_id, headers)
       OVERRIDING SYSTEM VALUE SELECT -1, source, consumer, topic, key, 'dead', 10, now(), $2, headers
       FROM parked_messages WHERE record_offset = $1`,
      [second[0]!.offset, newId()],
    );
    await finish();
    expect(await kept()).toMatchObject([
      { position: '-1' },
      { offset: second[0]!.offset, attempts: 1 },
      { attempts: 0 },
    ]);
  });

  test('count a failure before the row is free for the other', async () => {
    await park(...keyed(1));
    await db.admin.query(`
      CREATE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END $$;
      CREATE TRIGGER hold BEFORE UPDATE ON parked_messages FOR EACH STATEMENT EXECUTE FUNCTION wait_for_test()`);
    const test = new pg.Client({ connectionString: db.admin.url });
    await test.connect();
    await test.query('SELECT pg_advisory_lock(4711)');
    let calls = 0;
    const failing = () =>
      instance(() => {
        calls += 1;
        return no();
      }).runOnce();
    const first = failing();
    const counting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`;
    await eventually(async () => expect(await db.admin.query(counting)).toHaveLength(1));
    await failing();
    await test.query('SELECT pg_advisory_unlock(4711)');
    await test.end();
    await first;
    await db.admin.query('DROP TRIGGER hold ON parked_messages; DROP FUNCTION wait_for_test');
    expect(calls).toBe(1);
    expect(await kept()).toMatchObject([{ attempts: 2 }]);
  });

  test('and a chunk lock the rows that they touch in one order, and do not deadlock', async () => {
    await db.admin
      .query(`CREATE TABLE stock (id int PRIMARY KEY, n int NOT NULL); INSERT INTO stock VALUES (1, 0), (2, 0);
      GRANT SELECT, UPDATE ON stock TO PUBLIC`);
    const locks: FactInboxOptions['locks'] = (tx) => tx.query('SELECT 1 FROM stock ORDER BY id FOR UPDATE');
    const touch = 'UPDATE stock SET n = n + 1 WHERE id = $1';
    const { promise: touched, resolve } = Promise.withResolvers<void>();
    const waits = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await park(...keyed(1));
    const retrying = instance(
      async ({ tx }) => {
        await tx.query(touch, [2]);
        resolve();
        await eventually(async () => expect(await db.admin.query(waits)).toHaveLength(1));
        await tx.query(touch, [1]);
      },
      { locks },
    ).runOnce();
    await touched;
    await Promise.all([retrying, instance(undefined, { locks }).apply(...keyed(1))]);
    expect(await db.admin.query('SELECT n FROM stock')).toEqual([{ n: 1 }, { n: 1 }]);
  });
});

describe('the loop', () => {
  test('tries what is due without being told, and at once when it is told', async () => {
    const { retrier } = instance();
    running.push(retrier);
    const chunk = keyed(1);
    await park(...chunk);
    retrier.start();
    await eventually(async () => expect(await applied()).toEqual(offsets(chunk)));
    const [next] = keyed(1);
    await park(next!);
    retrier.ring();
    await eventually(async () => expect(await applied()).toContain(next!.offset));
  });

  test('outlives a database that is away', async () => {
    const events: { event: string }[] = [];
    const nowhere = createDataSource('postgresql://nobody@127.0.0.1:1/none', { name: 'nowhere' });
    const { retrier } = instance(undefined, { dataSource: nowhere, events });
    running.push(retrier);
    retrier.start();
    await eventually(() => expect(events.length).toBeGreaterThan(1));
    expect(new Set(events.map(({ event }) => event))).toEqual(new Set(['repeating']));
    await retrier.stop();
  });

  test('stops after the message in hand, whatever else is due', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let calls = 0;
    const { retrier } = instance(() => {
      calls += 1;
      return promise;
    });
    await park(...keyed(3));
    await park(...keyed(1));
    retrier.start();
    await eventually(() => expect(calls).toBe(1));
    const stopped = retrier.stop();
    resolve();
    await stopped;
    expect(await applied()).toHaveLength(1);
  });
});
