import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '@cartwheel/primitives';
import { transaction } from '@cartwheel/postgres';
import { runFixture, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { outboxSchema, writeRows } from './index.ts';

let db: TestDatabase;
const folder = mkdtempSync(join(tmpdir(), 'relay-fault-'));
const brokerFile = join(folder, 'broker');

beforeAll(async () => {
  db = await testDatabase([outboxSchema]);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await db.drop();
});

const run = (killAfterBatches: number) =>
  runFixture(join(import.meta.dirname, 'fixtures/relay-process.ts'), {
    DATABASE_URL: db.url,
    BROKER_FILE: brokerFile,
    KILL_AFTER_BATCHES: String(killAfterBatches),
  });
const published = () => readFileSync(brokerFile, 'utf8').trimEnd().split('\n');

test('a relay that dies between the broker’s ack and the delete publishes that batch again: nothing is lost, order is kept', async () => {
  const rows = Array.from({ length: 1_200 }, () => ({
    channel: 'kafka' as const,
    id: newId(),
    destination: 't',
    key: Buffer.from('one key'),
    type: 'T',
    headers: {},
    payload: Buffer.from('{}'),
  }));
  await transaction(db.dataSource, (tx) => writeRows(tx, rows));

  expect((await run(1)).signal).toBe('SIGKILL');
  expect(published()).toEqual(rows.slice(0, 500).map(({ id }) => id));
  expect((await run(2)).signal).toBe('SIGKILL');
  expect(await run(0)).toMatchObject({ code: 0 });

  const all = published();
  // Each death left one batch published and not deleted: exactly that one came again.
  expect(all).toHaveLength(1_200 + 500 + 500);
  expect([...new Set(all)]).toEqual(rows.map(({ id }) => id));
  expect(await db.admin.query('SELECT 1 FROM outbox')).toEqual([]);
});
