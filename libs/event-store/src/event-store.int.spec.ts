import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '@cartwheel/primitives';
import { transaction } from '@cartwheel/postgres';
import { ddl, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { appendEvents, eventStreamTable, readEvents, StaleVersion } from './index.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase([
    { name: 'streams', migrations: ddl(eventStreamTable('door_events')), grants: { door_events: 'SELECT, INSERT' } },
  ]);
});
afterAll(() => db.drop());

const cause = { correlationId: newId(), causationId: `http:${newId()}` };
const event = (type: string) => ({ event: { type }, ...cause });
const append = (stream: string, after: number, ...types: string[]) =>
  transaction(db.dataSource, (tx) => appendEvents(tx, 'door_events', stream, after, types.map(event)));

test('a stream reads back in the order in which it was written', async () => {
  const stream = newId();
  await append(stream, 0, 'Opened', 'Closed');
  await append(stream, 2, 'Locked');
  const read = await transaction(db.dataSource, (tx) => readEvents<{ type: string }>(tx, 'door_events', stream));
  expect(read.map(({ version, event: { type } }) => `${version} ${type}`)).toEqual([
    '1 Opened',
    '2 Closed',
    '3 Locked',
  ]);
});

test('of ten writers that decided on the same version exactly one succeeds, the others learn that they are stale', async () => {
  const stream = newId();
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => append(stream, 0, 'Opened', 'Closed')));
  const refused = results.filter((result) => result.status === 'rejected');
  expect(refused).toHaveLength(9);
  for (const { reason } of refused) expect(reason).toBeInstanceOf(StaleVersion);
  expect(await transaction(db.dataSource, (tx) => readEvents(tx, 'door_events', stream))).toHaveLength(2);
});

test('history cannot be changed by the service that wrote it', async () => {
  await expect(db.pool.query(`UPDATE door_events SET type = 'Never'`)).rejects.toThrow('permission denied');
  await expect(db.pool.query('DELETE FROM door_events')).rejects.toThrow('permission denied');
});
