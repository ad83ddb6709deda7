import { contracts, topology } from '@cartwheel/contracts';
import { OutboxRelay, outboxSchema, type OutboxRow, type Publish, Wake, writeRows } from '@cartwheel/outbox';
import { type Queryable, transaction } from '@cartwheel/postgres';
import { newId } from '@cartwheel/primitives';
import { eventually, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { discard, listParked, parkingSchema, refusedFacts, replay } from './index.ts';

const why = { operator: 'ada', reason: 'the order was a test' };
const names = topology('ns');
const to = { contracts, topology: names };

let db: TestDatabase;
let published: string[];
/** What the broker refuses for good, by id. */
const bad = new Set<string>();
let relay: OutboxRelay | undefined;

beforeAll(async () => {
  db = await testDatabase([outboxSchema, parkingSchema]);
});
afterAll(() => db.drop());
beforeEach(async () => {
  published = [];
  bad.clear();
  await db.admin.query('TRUNCATE outbox, parked_messages, parked_message_actions');
});
afterEach(() => stop());

/** A broker that names the first refused row of a key, and takes nothing of the key after it. */
const publish: Publish = (rows) => {
  const closed = new Set<string>();
  const confirmed: string[] = [];
  const refused: { seq: string; reason: string }[] = [];
  for (const { id, seq, key, destination } of rows) {
    const place = `${destination} ${String(key)}`;
    if (closed.has(place)) continue;
    if (bad.has(id)) {
      refused.push({ seq, reason: 'larger than the topic takes' });
      closed.add(place);
    } else {
      confirmed.push(seq);
      published.push(id);
    }
  }
  return Promise.resolve({ confirmed, refused });
};

function start(): void {
  relay = new OutboxRelay({
    channel: 'kafka',
    connectionString: db.url,
    publish,
    wake: new Wake(),
    pollIntervalMs: 20,
    setAside: refusedFacts,
    onFatal: (reason) => expect(reason).toBe(''),
  });
  relay.start();
}

async function stop(): Promise<void> {
  await relay?.stop();
  relay = undefined;
}

async function write(key: string, change: Partial<OutboxRow> = {}): Promise<string> {
  const id = newId();
  const row: OutboxRow = {
    channel: 'kafka',
    id,
    destination: 'order-events',
    key: Buffer.from(key),
    type: 'OrderPlaced',
    headers: { ce_type: 'OrderPlaced', ce_id: id },
    payload: Buffer.from('{}'),
    ...change,
  };
  await transaction(db.dataSource, (tx) => writeRows(tx, [row]));
  return id;
}

const act = <T>(work: (tx: Queryable) => Promise<T>) => transaction(db.dataSource, work);
const outboxIsEmpty = async () => expect(await db.admin.query('SELECT 1 FROM outbox')).toEqual([]);
const kept = async () =>
  (
    await db.admin.query<{ event_id: string; state: string }>(
      'SELECT event_id, state FROM parked_messages ORDER BY outbox_seq',
    )
  ).map(({ event_id: id, state }) => [id, state]);
const positionOf = async (id: string) =>
  (
    await db.admin.query<{ position: number }>(
      'SELECT position::float8 AS position FROM parked_messages WHERE event_id = $1',
      [id],
    )
  )[0]!.position;

/** Three facts of a key, the first of them refused, and those behind it set aside. */
async function threeKept(): Promise<[string, string, string]> {
  const first = await write('a');
  bad.add(first);
  const three: [string, string, string] = [first, await write('a'), await write('a')];
  start();
  await eventually(async () => expect(await kept()).toHaveLength(3));
  return three;
}

describe('a fact that Kafka refuses for good', () => {
  test('is dead with the reason, and holds the later facts of its key, and nobody else’s', async () => {
    const first = await write('a');
    bad.add(first);
    const [second, other, elsewhere] = [
      await write('a'),
      await write('b'),
      await write('a', { destination: 'payment-events' }),
    ];
    start();
    await eventually(outboxIsEmpty);
    const later = await write('a');
    await eventually(async () => expect(await kept()).toHaveLength(3));
    expect(published).toEqual([other, elsewhere]);
    expect(await kept()).toEqual([
      [first, 'dead'],
      [second, 'parked'],
      [later, 'parked'],
    ]);
    expect(await listParked(db.admin, { state: 'dead', limit: 10 }, contracts)).toMatchObject({
      items: [
        {
          source: 'kafka',
          consumer: 'relay',
          topic: 'order-events',
          eventId: first,
          errorClass: 'Refused',
          errorMessage: 'larger than the topic takes',
        },
      ],
    });
  });

  test('is published when it is replayed, then those behind it, then what came meanwhile', async () => {
    const three = await threeKept();
    await stop();
    const meanwhile = await write('a');
    bad.clear();
    expect(await act(async (tx) => replay(tx, await positionOf(three[0]), why, to))).toEqual({
      blockedBy: null,
      behind: 2,
    });
    start();
    await eventually(outboxIsEmpty);
    expect(published).toEqual([...three, meanwhile]);
    expect(await kept()).toEqual([]);
  });

  test('that is refused again holds its key again', async () => {
    const [first, second, third] = await threeKept();
    await act(async (tx) => replay(tx, await positionOf(first), why, to));
    await eventually(async () => expect((await kept()).length).toBe(3));
    await eventually(outboxIsEmpty);
    expect(await kept()).toEqual([
      [first, 'dead'],
      [second, 'parked'],
      [third, 'parked'],
    ]);
    expect(published).toEqual([]);
  });

  test('is never published when it is discarded; those behind it are', async () => {
    const [first, second, third] = await threeKept();
    await act(async (tx) => discard(tx, await positionOf(first), why, contracts));
    await eventually(() => expect(published).toEqual([second, third]));
    await eventually(outboxIsEmpty);
    expect(await kept()).toEqual([]);
  });

  test('waits, replayed, behind another of its key that is dead', async () => {
    const [first, second] = await threeKept();
    await db.admin.query(`UPDATE parked_messages SET state = 'dead' WHERE event_id = $1`, [second]);
    expect(await act(async (tx) => replay(tx, await positionOf(second), why, to))).toMatchObject({
      blockedBy: await positionOf(first),
    });
    await eventually(async () =>
      expect((await kept()).map(([, state]) => state)).toEqual(['dead', 'parked', 'parked']),
    );
    expect(published).toEqual([]);
  });

  test('that is let go in the very moment in which another is set aside behind it takes that one along', async () => {
    const first = await write('a');
    bad.add(first);
    start();
    await eventually(async () => expect(await kept()).toHaveLength(1));
    bad.clear();
    const position = await positionOf(first);
    const { promise: committing, resolve: commit } = Promise.withResolvers<void>();
    const { promise: locked, resolve: tell } = Promise.withResolvers<void>();
    const letting = act(async (tx) => {
      await replay(tx, position, why, to);
      tell();
      await committing;
    });
    await locked;
    const second = await write('a');
    // The relay sees that the key is held, and waits for the person's transaction before it sets anything aside.
    await eventually(async () => {
      const waits = await db.admin.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
           AND application_name = 'relay:kafka'`,
      );
      expect([waits.length, (await kept()).length]).not.toEqual([0, 1]);
    });
    commit();
    await letting;
    await eventually(() => expect(published).toEqual([first, second]));
    expect(await kept()).toEqual([]);
  });
});

test('a copy of a dead letter returns to its own channel with its own key, also without one, and with one that is longer than an index takes', async () => {
  const keys = [null, Buffer.from('key'), Buffer.alloc(2_000, 7)];
  const copies: string[] = [];
  for (const key of keys) {
    const headers = { dlq_original_key: { base64: (key ?? Buffer.alloc(0)).toString('base64') } };
    const channel = 'dead-letters' as const;
    copies.push(
      await write('', { channel, destination: 'order-events.payment.dlq', key, type: 'DeadLetter', headers }),
    );
  }
  const rows = await db.admin.query<OutboxRow & { seq: string }>('SELECT * FROM outbox ORDER BY seq');
  await db.pool.connect().then(async (client) => {
    await refusedFacts
      .keep(
        client,
        rows.map((row) => ({ row, reason: 'no' })),
      )
      .finally(() => client.release());
  });
  await db.admin.query('DELETE FROM outbox');
  for (const id of copies) await act(async (tx) => replay(tx, await positionOf(id), why, to));
  const again = await db.admin.query<OutboxRow>('SELECT * FROM outbox ORDER BY seq');
  const told = (list: OutboxRow[]) =>
    list.map(({ id, channel, key, type }) => [id, channel, key?.toString('hex'), type]);
  expect(told(again)).toEqual(told(rows));
});
