import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { contracts, fact, topology } from '@cartwheel/contracts';
import { outboxSchema, Wake } from '@cartwheel/outbox';
import { parking, parkingSchema } from '@cartwheel/parking';
import { DatabaseUnavailable } from '@cartwheel/postgres';
import { deriveId, newId } from '@cartwheel/primitives';
import { ddl, deliveredFact, eventually, testDatabase, type TestDatabase } from '@cartwheel/testing';
import pg from 'pg';
import { type FactContext, FactInbox, type FactInboxOptions, inboxSchema } from './index.ts';

// A chunk is one transaction: what holds between its messages, and between two chunks that run side by side.

let db: TestDatabase;
const live = new AbortController().signal;
const effects = {
  name: 'effects',
  migrations: ddl('CREATE TABLE effects (place bigint GENERATED ALWAYS AS IDENTITY, record_offset text UNIQUE)'),
  grants: { effects: 'SELECT, INSERT' },
};

beforeAll(async () => {
  db = await testDatabase([outboxSchema, parkingSchema, inboxSchema, effects]);
});
afterAll(() => db.drop());
beforeEach(() => db.admin.query('TRUNCATE outbox, parked_messages, processed_events, effects'));

function inbox(options: Partial<FactInboxOptions> = {}) {
  return new FactInbox({
    consumer: 'inventory',
    dataSource: db.dataSource,
    origin: { source: 'inventory', contracts, topology: topology() },
    wake: new Wake(),
    parking,
    ...options,
  });
}

type Step = (context: FactContext) => Promise<unknown> | void;

/** Handlers that leave a row per fact and announce something, and then do what the test is about. */
function handlers(then: Step = () => undefined) {
  return {
    has: (type: string) => type === 'OrderCancelled',
    async handle(_: string, data: unknown, context: FactContext) {
      const { orderId } = data as { orderId: string };
      await context.tx.query('INSERT INTO effects (record_offset) VALUES ($1)', [context.delivery.offset]);
      context.emit(fact('StockReleased', orderId, { orderId, items: [{ sku: 'mug', quantity: 1 }] }));
      await then(context);
    },
  };
}

const applied = async () =>
  (await db.admin.query<{ offset: string }>('SELECT record_offset AS offset FROM effects ORDER BY place')).map(
    ({ offset }) => offset,
  );
const kept = () =>
  db.admin.query<{ state: string; attempts: number; offset: string; error_class: string; error_message: string }>(
    'SELECT *, record_offset AS offset FROM parked_messages ORDER BY position',
  );
const announced = () => db.admin.query(`SELECT 1 FROM outbox WHERE type = 'StockReleased'`);
const processed = () => db.admin.query('SELECT 1 FROM processed_events');
const offsets = (deliveries: readonly { offset?: string }[]) => deliveries.map(({ offset }) => offset!);
const waiting = (n: number) =>
  eventually(async () => {
    const sql = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    expect(await db.admin.query(sql)).toHaveLength(n);
  });

/** A transaction of somebody else, in the test's hands. */
async function rival() {
  const client = new pg.Client({ connectionString: db.url });
  await client.connect();
  await client.query('BEGIN');
  return {
    query: (sql: string, parameters: unknown[] = []) => client.query(sql, parameters),
    async end(how: 'COMMIT' | 'ROLLBACK') {
      await client.query(how);
      await client.end();
    },
  };
}

describe('a chunk', () => {
  test('is one transaction: nothing of it is seen before all of it is', async () => {
    const chunk = Array.from({ length: 20 }, () => deliveredFact());
    let during: string[] | undefined;
    await inbox().apply(
      chunk,
      handlers(async ({ delivery }) => {
        if (delivery === chunk.at(-1)) during = await applied();
      }),
      live,
    );
    expect(during).toEqual([]);
    expect(await applied()).toEqual(offsets(chunk));
    expect(await announced()).toHaveLength(20);
  });

  test('that fails is reported with its error, once, and its facts are applied one at a time', async () => {
    const chunk = Array.from({ length: 3 }, () => deliveredFact());
    let tries = 0;
    const seen: [string, Record<string, unknown>][] = [];
    const onEvent = (event: string, details: Record<string, unknown>) => void seen.push([event, details]);
    const lostARace = handlers(({ delivery }) => {
      if (delivery === chunk[1] && (tries += 1) === 1) throw new Error('somebody was faster');
    });
    await inbox({ onEvent }).apply(chunk, lostARace, live);
    expect(seen).toMatchObject([['divided', { facts: 3, message: 'somebody was faster' }]]);
    expect(await applied()).toEqual(offsets(chunk));
  });

  test('holds one fact twice side by side, as a crashed relay sends it, and applies it once', async () => {
    const [one, two] = [deliveredFact(), deliveredFact()];
    const again = { ...one, offset: 'again' };
    await inbox().apply([one, again, two], handlers(), live);
    expect(await applied()).toEqual(offsets([one, two]));
  });

  test('claims its ids in one order: two that hold the same facts in opposite orders do not deadlock', async () => {
    const facts = Array.from({ length: 3 }, () => deliveredFact());
    const middle = facts[1]!.headers['ce_id'];
    const other = await rival();
    await other.query('INSERT INTO processed_events (consumer, event_id) VALUES ($1, $2)', ['inventory', middle]);
    const both = [facts, facts.toReversed()].map((chunk) => inbox().apply(chunk, handlers(), live));
    await waiting(2);
    await other.end('ROLLBACK');
    await Promise.all(both);
    expect(await applied()).toHaveLength(3);
  });

  test('that waited for another one sees what that one parked, and lets nothing pass it', async () => {
    const [first, second] = [deliveredFact(), deliveredFact()].map((one) => ({ ...one, key: Buffer.from('one key') }));
    const other = await rival();
    const id = first!.headers['ce_id'] as string;
    await other.query('INSERT INTO processed_events (consumer, event_id) VALUES ($1, $2)', ['inventory', id]);
    const failure = { error: new Error('no'), attempts: 1, firstFailedAt: new Date() };
    const tx = {
      query: async <Row>(sql: string, values?: readonly unknown[]) =>
        (await other.query(sql, [...values!])).rows as Row[],
    };
    await parking.keep(tx, 'inventory', [{ id, delivery: first!, state: 'parked', failure }]);
    const chunk = inbox().apply([first!, second!], handlers(), live);
    await waiting(1);
    await other.end('COMMIT');
    await chunk;
    expect(await applied()).toEqual([]);
    expect(offsets(await kept())).toEqual(offsets([first!, second!]));
  });

  test('locks what it will touch once, before its first handler, without what is held', async () => {
    const calls: string[] = [];
    const facts = [deliveredFact(), deliveredFact(), deliveredFact()];
    const [held, ...free] = facts;
    await inbox().apply(
      [held!],
      handlers(() => Promise.reject(new Error('no'))),
      live,
    );
    const behind = { ...deliveredFact(), key: held!.key };
    const locking = inbox({
      locks: (_, envelopes) => {
        calls.push(`locks ${envelopes.map(({ id }) => id).join()}`);
        return Promise.resolve();
      },
    });
    const noting = handlers(({ delivery }) => void calls.push(`handles ${delivery.offset}`));
    await locking.apply([free[0]!, behind, free[1]!], noting, live);
    const ids = free.map(({ headers }) => headers['ce_id'] as string);
    expect(calls).toEqual([`locks ${ids.join()}`, ...free.map(({ offset }) => `handles ${offset}`)]);
  });

  test('in which one cannot be read sets the later ones of its key aside behind it', async () => {
    const key = Buffer.from('one key');
    const [bad, behind, other] = [
      deliveredFact(newId(), { key, value: Buffer.from('{') }),
      deliveredFact(newId(), { key }),
      deliveredFact(),
    ];
    await inbox().apply([bad, behind, other], handlers(), live);
    expect(await applied()).toEqual([other.offset]);
    expect((await kept()).map(({ offset, state }) => [offset, state])).toEqual([
      [bad.offset, 'dead'],
      [behind.offset, 'parked'],
    ]);
  });

  test('that is abandoned while it runs leaves nothing', async () => {
    const chunk = [deliveredFact(), deliveredFact()];
    const abandon = new AbortController();
    const reason = new Error('the heartbeat failed');
    const applying = inbox().apply(
      chunk,
      handlers(() => abandon.abort(reason)),
      abandon.signal,
    );
    await expect(applying).rejects.toThrow(reason);
    expect([await applied(), await processed(), await kept()]).toEqual([[], [], []]);
  });
});

describe('a handler that fails in a chunk', () => {
  const failingOn = (bad: { offset?: string }[], make: () => unknown = () => new Error('no')) =>
    handlers(({ delivery }) => (bad.includes(delivery) ? Promise.reject(make()) : undefined));

  test('takes back what it did and announced, and the others are applied, in the same transaction', async () => {
    const chunk = Array.from({ length: 5 }, () => deliveredFact());
    const bad = [chunk[1]!, chunk[3]!];
    await inbox().apply(chunk, failingOn(bad), live);
    expect(await applied()).toEqual(offsets(chunk.filter((one) => !bad.includes(one))));
    expect(await announced()).toHaveLength(3);
    expect(await kept()).toMatchObject(bad.map(({ offset }) => ({ offset, state: 'parked', attempts: 1 })));
    expect(await processed()).toHaveLength(5);
  });

  test('does not let go of the id in between: whoever delivers it meanwhile waits, and finds it taken', async () => {
    const bad = deliveredFact();
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    let calls = 0;
    const failing = handlers(async () => {
      calls += 1;
      // The second call is the one under its savepoint.
      if (calls === 2) await held;
      throw new Error('no');
    });
    const first = inbox().apply([bad], failing, live);
    await eventually(() => expect(calls).toBe(2));
    const again = inbox().apply([bad], handlers(), live);
    await waiting(1);
    release();
    await Promise.all([first, again]);
    expect(await applied()).toEqual([]);
    expect(await kept()).toHaveLength(1);
  });

  test.each([
    ['throws before it returns a promise', new Error('at once')],
    ['throws nothing at all', undefined],
    ['throws NUL, half a character, and too much', new Error(`a\0b\ud800${'x'.repeat(5_000)}`)],
    ['throws what has no message', Object.assign(new Error(), { name: 7, message: { not: 'text' } })],
  ])('is parked when it %s', async (_, thrown) => {
    const throwing = {
      has: () => true,
      handle: () => {
        throw thrown as Error;
      },
    };
    await inbox().apply([deliveredFact()], throwing, live);
    expect(await kept()).toMatchObject([{ state: 'parked', attempts: 1 }]);
  });

  test('and hides that a statement of its failed is to blame for that, and not the fact behind it', async () => {
    const [culprit, innocent] = [deliveredFact(), deliveredFact()];
    const sound = handlers();
    const hiding = {
      ...sound,
      async handle(type: string, data: unknown, context: FactContext) {
        if (context.delivery !== culprit) return sound.handle(type, data, context);
        // And nothing after it: no statement of ours fails in its place.
        await context.tx.query('SELECT * FROM nowhere').catch(() => 'never mind');
      },
    };
    await inbox().apply([culprit, innocent], hiding, live);
    expect(await applied()).toEqual(offsets([innocent]));
    expect(await kept()).toMatchObject([{ offset: culprit.offset, error_message: expect.stringContaining('42P01') }]);
  });

  test('and dies of an error that it hid is kept with that error, not with what came of it', async () => {
    const hiding = handlers(async ({ tx }) => {
      await tx.query('SELECT * FROM nowhere').catch(() => 'never mind');
      await tx.query('SELECT 1');
    });
    await inbox().apply([deliveredFact()], hiding, live);
    expect(await kept()).toMatchObject([{ error_message: expect.stringContaining('42P01') }]);
  });

  test('while a part of it goes on: what comes late changes nothing', async () => {
    const late = Promise.withResolvers<void>();
    const stragglers: Promise<unknown>[] = [];
    const [hasty, patient] = [deliveredFact(), deliveredFact()];
    const handling = handlers(({ delivery, tx }) => {
      if (delivery !== hasty) return;
      stragglers.push(late.promise.then(() => tx.query(`INSERT INTO effects (record_offset) VALUES ('late')`)));
      throw new Error('no');
    });
    // It comes while what failed is set aside, in the transaction that it failed in.
    const keep: typeof parking.keep = async (...of) => {
      late.resolve();
      await Promise.allSettled(stragglers);
      return parking.keep(...of);
    };
    await inbox({ parking: { ...parking, keep } }).apply([hasty, patient], handling, live);
    expect(await applied()).toEqual(offsets([patient]));
  });

  test('on a connection that dies under it counts for nobody', async () => {
    const [bad, victim] = [deliveredFact(), deliveredFact()];
    const dying = handlers(async ({ delivery, tx }) => {
      if (delivery === bad) throw new Error('no');
      const [me] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await db.admin.query('SELECT pg_terminate_backend($1)', [me!.pid]);
      throw new TypeError('of the handler');
    });
    await expect(inbox().apply([bad, victim], dying, live)).rejects.toBeInstanceOf(DatabaseUnavailable);
    expect([offsets(await kept()), await processed()]).toEqual([[bad.offset], [expect.anything()]]);
  });

  test('for a database that it reached by another way counts for nobody', async () => {
    const [bad, victim] = [deliveredFact(), deliveredFact()];
    const elsewhere = handlers(({ delivery }) =>
      Promise.reject(delivery === bad ? new Error('no') : new DatabaseUnavailable('the pool is empty')),
    );
    // Alone, and behind one that fails by itself, where each stands under its own savepoint.
    for (const chunk of [[victim], [bad, victim]]) {
      await expect(inbox().apply(chunk, elsewhere, live)).rejects.toBeInstanceOf(DatabaseUnavailable);
    }
    expect(offsets(await kept())).toEqual([bad.offset]);
  });
});

describe('an error that no handler threw', () => {
  test('in keeping what failed repeats the chunk and parks nothing', async () => {
    const keep = () => Promise.reject(new Error('permission denied'));
    const chunk = [{ ...deliveredFact(), value: Buffer.from('{') }, deliveredFact()];
    const failing = inbox({ parking: { ...parking, keep } }).apply(chunk, handlers(), live);
    await expect(failing).rejects.toBeInstanceOf(DatabaseUnavailable);
    expect([await kept(), await processed()]).toEqual([[], []]);
  });
});

test('a record whose own id cannot be believed gets one from its place, so that its redelivery is the same record', async () => {
  const poison = deliveredFact(newId(), { headers: {} });
  await inbox().apply([poison], handlers(), live);
  await inbox().apply([poison], handlers(), live);
  const id = deriveId(poison.topic, poison.partition!, poison.offset!);
  expect(await kept()).toMatchObject([{ state: 'dead', event_id: id }]);
});
