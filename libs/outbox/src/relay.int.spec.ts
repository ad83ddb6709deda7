import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { newId } from '@cartwheel/primitives';
import { transaction } from '@cartwheel/postgres';
import { eventually, testDatabase, type TestDatabase } from '@cartwheel/testing';
import {
  type Channel,
  OutboxRelay,
  type OutboxRow,
  outboxSchema,
  type Publish,
  type RelayOptions,
  type RelayRow,
  waiting,
  Wake,
  writeRows,
} from './index.ts';

let db: TestDatabase;
const started: OutboxRelay[] = [];
const failed: string[] = [];

beforeEach(async () => {
  db = await testDatabase([outboxSchema]);
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((relay) => relay.stop()));
  await db.drop();
  expect(failed).toEqual([]);
});

function relay(publish: Publish, options: Partial<RelayOptions> = {}): OutboxRelay {
  const made = new OutboxRelay({
    channel: 'kafka',
    connectionString: db.url,
    publish,
    wake: new Wake(),
    pollIntervalMs: 20,
    setAside: { keep: () => Promise.reject(new Error('nothing is refused here')) },
    onFatal: (reason) => failed.push(reason),
    ...options,
  });
  started.push(made);
  made.start();
  return made;
}

/** Writes rows as business transactions do; `key` is their subject. */
async function write(keys: string[], channel: Channel = 'kafka', change: Partial<OutboxRow> = {}) {
  const rows = keys.map((key) => ({ ...rowOf(newId()), channel, key: Buffer.from(key), ...change }));
  await transaction(db.dataSource, (tx) => writeRows(tx, rows));
  return rows.map(({ id }) => id);
}

const rowOf = (id: string): OutboxRow => ({
  channel: 'kafka',
  id,
  destination: 't',
  key: Buffer.from('a'),
  type: 'T',
  headers: {},
  payload: Buffer.from('{}'),
});

const left = async () => Number((await db.admin.query<{ n: string }>('SELECT count(*) AS n FROM outbox'))[0]!.n);
const confirmAll = (rows: readonly RelayRow[]) => ({ confirmed: rows.map(({ seq }) => seq) });

describe('the relay', () => {
  test('publishes what was committed, in the order of commits, and empties the outbox', async () => {
    const published: string[] = [];
    relay((rows) => {
      published.push(...rows.map(({ id }) => id));
      return Promise.resolve(confirmAll(rows));
    });
    const ids: string[] = [];
    for (let n = 0; n < 20; n += 1) ids.push(...(await write(['a', 'b', 'c'])));
    await eventually(async () => expect(await left()).toBe(0));
    expect(published).toEqual(ids);
  });

  test('deletes nothing that was not confirmed, and sends it again in the same order', async () => {
    const attempts: string[][] = [];
    const ids = await write(['a', 'b', 'c']);
    relay((rows) => {
      attempts.push(rows.map(({ id }) => id));
      if (attempts.length < 3) throw new Error('the broker is away');
      return Promise.resolve(confirmAll(rows));
    });
    await eventually(async () => expect(await left()).toBe(0));
    expect(attempts).toEqual([ids, ids, ids]);
  });

  test('keeps what was confirmed in a round that failed, and waits before the next', async () => {
    const [a, b] = await write(['a', 'b']);
    const attempts: string[][] = [];
    const errors: string[] = [];
    relay(
      (rows) => {
        attempts.push(rows.map(({ id }) => id));
        const failure = attempts.length > 2 ? {} : { failure: new Error('no leader') };
        return Promise.resolve({ ...confirmAll(rows.filter(({ id }) => id === a || attempts.length > 2)), ...failure });
      },
      { onError: ({ message }) => errors.push(message) },
    );
    await eventually(async () => expect(await left()).toBe(0));
    expect(attempts).toEqual([[a, b], [b], [b]]);
    expect(errors).toEqual(['no leader', 'no leader']);
  });

  test('sends again what was not confirmed, and not what was', async () => {
    const attempts: string[][] = [];
    const [a, b, c] = await write(['a', 'b', 'c']);
    relay((rows) => {
      attempts.push(rows.map(({ id }) => id));
      const isTaken = ({ id }: RelayRow) => id !== b || attempts.length > 1;
      return Promise.resolve(confirmAll(rows.filter(isTaken)));
    });
    await eventually(async () => expect(await left()).toBe(0));
    expect(attempts).toEqual([[a, b, c], [b]]);
  });

  test('publishes a row that is committed after later ones were published: its number was given before', async () => {
    const published: string[] = [];
    const slow = Promise.withResolvers<void>();
    relay((rows) => {
      published.push(...rows.map(({ id }) => id));
      return Promise.resolve(confirmAll(rows));
    });
    const inserted = Promise.withResolvers<void>();
    const early = newId();
    const committing = transaction(db.dataSource, async (tx) => {
      await writeRows(tx, [rowOf(early)]);
      inserted.resolve();
      await slow.promise;
    });
    await inserted.promise;
    const [late] = await write(['late']);
    await eventually(async () => expect([published, await left()]).toEqual([[late], 0]));
    slow.resolve();
    await committing;
    await eventually(() => expect(published).toEqual([late, early]));
  });

  test('publishes the oldest rows first, wherever the table keeps them', async () => {
    await write(Array.from({ length: 500 }, () => 'makes room'));
    const [oldest] = await write(['oldest']);
    await db.admin.query('DELETE FROM outbox WHERE id <> $1', [oldest]);
    await db.admin.query('VACUUM outbox');
    const later = await write(Array.from({ length: 1_000 }, () => 'takes it'));
    const published: string[] = [];
    relay((rows) => {
      published.push(...rows.map(({ id }) => id));
      return Promise.resolve(confirmAll(rows));
    });
    await eventually(async () => expect(await left()).toBe(0));
    expect(published).toEqual([oldest, ...later]);
  });

  test('does not hold one channel up when the broker of the other is away', async () => {
    await write(['a'], 'kafka');
    const ids = await write(['b'], 'rabbitmq');
    const published: string[] = [];
    relay(() => Promise.reject(new Error('Kafka is away')));
    relay(
      (rows) => {
        published.push(...rows.map(({ id }) => id));
        return Promise.resolve(confirmAll(rows));
      },
      { channel: 'rabbitmq' },
    );
    await eventually(() => expect(published).toEqual(ids));
    expect(await left()).toBe(1);
  });

  test('reads the rows of its own channel only, however many wait for the other broker', async () => {
    await write(
      Array.from({ length: 5_000 }, () => 'waits'),
      'rabbitmq',
    );
    const ids = await write(['a']);
    const published: string[] = [];
    const running = relay((rows) => {
      published.push(...rows.map(({ id }) => id));
      return Promise.resolve(confirmAll(rows));
    });
    await eventually(() => expect(published).toEqual(ids));
    // A session reports what it has read at the latest when it ends.
    await running.stop();
    const read = await eventually(async () => {
      const [counted] = await db.admin.query<{ n: number }>(
        `SELECT (seq_tup_read + idx_tup_fetch)::int AS n FROM pg_stat_user_tables WHERE relname = 'outbox'`,
      );
      expect(counted!.n).toBeGreaterThan(0);
      return counted!.n;
    });
    expect(read).toBeLessThan(100);
  });

  test('closes a read by bytes, so that one request stays below what the broker takes', async () => {
    const reads: number[] = [];
    await write(['a', 'b', 'c', 'd', 'e'], 'kafka', { payload: Buffer.alloc(400_000) });
    relay((rows) => {
      reads.push(rows.reduce((sum, { payload }) => sum + (payload?.length ?? 0), 0));
      return Promise.resolve(confirmAll(rows));
    });
    await eventually(async () => expect(await left()).toBe(0));
    expect(Math.max(...reads)).toBeLessThanOrEqual(900_000);
    expect(reads).toHaveLength(3);
  });

  test('sets a refused row aside in the transaction that deletes it, and goes on with the rows behind it', async () => {
    const [bad, ...good] = await write(['bad', 'x', 'y']);
    const kept: unknown[] = [];
    const { publish, published } = refusing(bad!);
    relay(publish, {
      setAside: {
        keep: async (tx, rows) => {
          kept.push(...rows.map(({ row, reason }) => [row.id, reason]));
          expect((await tx.query('SELECT 1 FROM outbox WHERE id = $1', [bad])).rowCount).toBe(1);
          return rows.map(({ row }) => row.seq);
        },
      },
    });
    await eventually(async () => expect(await left()).toBe(0));
    expect(kept).toEqual([[bad, 'too large']]);
    expect(published).toEqual(good);
  });

  test('goes on with a new connection when setting aside failed: an aborted transaction would hold its leader for ever', async () => {
    const [bad, good] = await write(['bad', 'good']);
    let attempts = 0;
    const { publish, published } = refusing(bad!);
    relay(publish, {
      setAside: {
        keep: async (tx, rows) => {
          if ((attempts += 1) < 3) await tx.query('SELECT 1 / 0');
          return rows.map(({ row }) => row.seq);
        },
      },
    });
    await eventually(async () => expect(await left()).toBe(0));
    expect(attempts).toBe(3);
    expect(published).toEqual([good]);
  });

  test('publishes what goes elsewhere while a destination is refused as a whole, however many wait for that, and then those too', async () => {
    const gone = await write(
      Array.from({ length: 600 }, () => 'a'),
      'kafka',
      { destination: 'gone' },
    );
    const others = await write(['a', 'b']);
    const published: string[] = [];
    const errors: string[] = [];
    let isGone = true;
    const wake = new Wake();
    relay(
      (rows) => {
        const taken = rows.filter(({ destination }) => destination !== 'gone' || !isGone);
        published.push(...taken.map(({ id }) => id));
        return Promise.resolve({
          ...confirmAll(taken),
          resting: isGone ? [{ destination: 'gone', reason: 'the topic is not there' }] : [],
        });
      },
      {
        wake,
        // Neither the rest nor what goes elsewhere waits for the poll.
        pollIntervalMs: 3_600_000,
        onError: ({ errorClass, message }) => errors.push(`${errorClass} ${message}`),
      },
    );
    await eventually(() => expect(published).toEqual(others));
    await db.admin.query(`UPDATE outbox SET created_at = now() - interval '5 min' WHERE destination = 'gone'`);
    const younger = await write(['c']);
    wake.ring();
    await eventually(() => expect(published).toEqual([...others, ...younger]));
    expect(new Set(errors)).toEqual(new Set(['DestinationRefused gone: the topic is not there']));
    // What the alarm looks at: the rows that wait are not hidden by those that pass them.
    const [toKafka] = (await waiting(db.admin)).filter(({ channel }) => channel === 'kafka');
    expect(toKafka).toMatchObject({ messages: 600 });
    expect(toKafka!.oldestAgeS).toBeGreaterThan(299);
    isGone = false;
    await eventually(async () => expect(await left()).toBe(0));
    expect(published).toEqual([...others, ...younger, ...gone]);
  });

  test('publishes nothing while its database is read-only, where it could not delete it, and goes on when that is over', async () => {
    const ids = await write(['a', 'b']);
    const [{ role }] = (await db.pool.query<{ role: string }>('SELECT current_user AS role')).rows as [
      { role: string },
    ];
    await db.admin.query(`ALTER ROLE ${role} SET default_transaction_read_only = on`);
    const published: string[] = [];
    const errors: string[] = [];
    relay(
      (rows) => {
        published.push(...rows.map(({ id }) => id));
        return Promise.resolve(confirmAll(rows));
      },
      { onError: ({ message }) => errors.push(message) },
    );
    await eventually(() => expect(errors.length).toBeGreaterThan(2));
    await db.admin.query(`ALTER ROLE ${role} RESET default_transaction_read_only`);
    await eventually(async () => expect(await left()).toBe(0));
    expect(published).toEqual(ids);
    expect(new Set(errors)).toEqual(new Set(['the database is read-only']));
  });

  test('publishes at a ring without waiting for its poll', async () => {
    const wake = new Wake();
    const published: string[] = [];
    relay(
      (rows) => {
        published.push(...rows.map(({ id }) => id));
        return Promise.resolve(confirmAll(rows));
      },
      { wake, pollIntervalMs: 3_600_000 },
    );
    await eventually(async () => expect(await leaders()).toBe(1));
    const ids = await write(['a']);
    wake.ring();
    await eventually(() => expect(published).toEqual(ids));
  });

  test('flushes once more when it stops', async () => {
    const published: string[] = [];
    const stopping = relay(
      (rows) => {
        published.push(...rows.map(({ id }) => id));
        return Promise.resolve(confirmAll(rows));
      },
      { pollIntervalMs: 3_600_000 },
    );
    await eventually(async () => expect(await leaders()).toBe(1));
    const ids = await write(['a']);
    await stopping.stop();
    expect(published).toEqual(ids);
  });
});

describe('two instances', () => {
  test('have one leader, and the other takes over when the leader’s connection dies; nothing is lost and order is kept', async () => {
    const published: { by: number; id: string }[] = [];
    const publishAs =
      (by: number): Publish =>
      (rows) => {
        published.push(...rows.map(({ id }) => ({ by, id })));
        return Promise.resolve(confirmAll(rows));
      };
    relay(publishAs(1));
    await eventually(async () => expect(await leaders()).toBe(1));
    relay(publishAs(2));
    const before: string[] = [];
    for (let n = 0; n < 20; n += 1) {
      before.push(...(await write(['a', 'a'])));
      await eventually(async () => expect(await left()).toBe(0));
    }
    expect(new Set(published.map(({ by }) => by))).toEqual(new Set([1]));

    await db.admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 2827
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    const after = await write(['a', 'a']);
    await eventually(async () => expect(await left()).toBe(0));
    expect(published.map(({ id }) => id)).toEqual([...before, ...after]);
    expect(await leaders()).toBe(1);
  });
});

/** A broker that takes all but one row, which it refuses for good. */
function refusing(bad: string): { publish: Publish; published: string[] } {
  const published: string[] = [];
  const publish: Publish = (rows) => {
    const rest = rows.filter(({ id }) => id !== bad);
    published.push(...rest.map(({ id }) => id));
    const refused = rows.filter(({ id }) => id === bad).map(({ seq }) => ({ seq, reason: 'too large' }));
    return Promise.resolve({ ...confirmAll(rest), refused });
  };
  return { publish, published };
}

/** How many connections hold the leader lock of this database. */
async function leaders(): Promise<number> {
  const rows = await db.admin.query(
    `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 2827
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return rows.length;
}
