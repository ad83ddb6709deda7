import { inboxSchema, noteGone, stepOver } from '@cartwheel/inbox';
import { outboxSchema } from '@cartwheel/outbox';
import { DatabaseUnavailable } from '@cartwheel/postgres';
import { testDatabase, type TestDatabase } from '@cartwheel/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { contracts, topology } from '@cartwheel/contracts';
import { discard, parking, parkingSchema, replay, showParked } from './index.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase([outboxSchema, inboxSchema, parkingSchema]);
});
afterAll(() => db.drop());
beforeEach(() => db.admin.query('TRUNCATE outbox, parked_messages, parked_message_actions, processed_events'));

const options = () => ({ dataSource: db.dataSource, consumer: 'inventory', parking });
const batch = {
  topic: 'order-events',
  partition: 3,
  firstOffset: '12',
  lastOffset: '15',
  reason: 'wrong checksum',
  bytes: Buffer.from([0, 1, 2, 0xff]),
};
const rows = () =>
  db.admin.query<{ position: string }>(
    `SELECT position, state, consumer, topic, partition, record_offset::int AS "offset", payload, error_class, error_message
     FROM parked_messages ORDER BY position`,
  );
const by = { operator: 'ada', reason: 'a disk was broken' };
const to = { contracts, topology: topology() };

describe('a batch that cannot be read', () => {
  test('is one dead letter with its place, its reason and its bytes, however often it is met', async () => {
    for (let n = 0; n < 3; n += 1) expect(await stepOver(options(), batch)).toBe(false);
    expect(await rows()).toMatchObject([
      {
        ...{
          state: 'dead',
          consumer: 'inventory',
          topic: 'order-events',
          partition: 3,
          offset: 12,
          payload: batch.bytes,
        },
        error_class: 'UndecodableBatch',
        error_message: 'offsets 12 to 15 cannot be read: wrong checksum. The partition waits until this is discarded.',
      },
    ]);
    const [{ position }] = (await rows()) as [{ position: string }];
    const shown = await showParked(db.admin, Number(position), contracts);
    expect(shown.errorMessage).toContain('wrong checksum');
  });

  test('is stepped over when a person has discarded it, who is on record; another one at the same place is not', async () => {
    await stepOver(options(), batch);
    const [{ position }] = (await rows()) as [{ position: string }];
    await discard(db.admin, Number(position), by, contracts);
    expect(await stepOver(options(), batch)).toBe(true);
    expect(await db.admin.query('SELECT operator, action, reason FROM parked_message_actions')).toEqual([
      { ...by, action: 'discard' },
    ]);
    expect(await stepOver(options(), { ...batch, bytes: Buffer.from('another') })).toBe(false);
  });

  test('holds up no key', async () => {
    await stepOver(options(), batch);
    expect(await parking.heldKeys(db.admin, 'inventory', batch.topic, [Buffer.from('a'), batch.bytes])).toEqual([]);
  });
});

test('records that are gone are one dead letter, that a discard ends', async () => {
  const gone = { topic: 'order-events', partition: 0, from: '4', to: '9' };
  for (let n = 0; n < 2; n += 1) await noteGone(options(), gone);
  expect(await rows()).toMatchObject([
    {
      ...{ state: 'dead', partition: 0, offset: 4, error_class: 'GoneBeforeRead' },
      error_message: 'offsets 4 to 8 were deleted before they were read. Discard this when it is known why.',
    },
  ]);
  const [{ position }] = (await rows()) as [{ position: string }];
  await discard(db.admin, Number(position), by, contracts);
  await noteGone(options(), gone);
  expect(await rows()).toEqual([]);
});

test('neither is a message that could be replayed', async () => {
  await stepOver(options(), batch);
  await noteGone(options(), { topic: 'order-events', partition: 0, from: '4', to: '9' });
  for (const { position } of await rows()) {
    await expect(replay(db.admin, Number(position), by, to)).rejects.toMatchObject({
      code: 'dead-letter-not-replayable',
    });
  }
  expect(await rows()).toMatchObject([{ state: 'dead' }, { state: 'dead' }]);
});

test('a database that is away has not said that somebody stepped over', async () => {
  const away = { ...options(), dataSource: { connect: () => Promise.reject(new Error('away')) } as never };
  await expect(stepOver(away, batch)).rejects.toThrow(DatabaseUnavailable);
});
