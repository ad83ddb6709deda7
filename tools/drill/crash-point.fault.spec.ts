import { ddl, runFixture, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CrashPoint, Note } from './crash-point.ts';

let db: TestDatabase;
const folder = mkdtempSync(join(tmpdir(), 'crash-point-'));
const file = join(folder, 'notes');

beforeAll(async () => {
  db = await testDatabase([
    {
      name: 'till',
      migrations: ddl('CREATE TABLE idempotency_keys (key text PRIMARY KEY, response int);'),
      grants: {},
    },
  ]);
});
beforeEach(async () => {
  rmSync(file, { force: true });
  await db.admin.query('DELETE FROM idempotency_keys');
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await db.drop();
});

const run = (point: Omit<CrashPoint, 'file'>) =>
  runFixture(join(import.meta.dirname, 'fixtures/till.ts'), {
    DATABASE_URL: db.admin.url,
    NODE_OPTIONS: `--disable-warning=ExperimentalWarning --experimental-import-meta-resolve --import ${join(import.meta.dirname, 'crash-point.ts')}`,
    DRILL_CRASH_POINT: JSON.stringify({ ...point, file }),
  });
const committed = async () => (await db.admin.query('SELECT key FROM idempotency_keys ORDER BY key')).length;
const notes = () =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as Note).what);

test('kills the process before the COMMIT, at the pass that it was told', async () => {
  const died = await run({ window: 'checkout-before-commit', pass: 2 });
  expect(died).toMatchObject({ signal: 'SIGKILL', output: 'answered 1\n' });
  expect(await committed()).toBe(1);
  expect(notes()).toEqual(['died']);
});

test('kills the process after the COMMIT, before it goes on', async () => {
  const died = await run({ window: 'checkout-before-answer', pass: 2 });
  expect(died).toMatchObject({ signal: 'SIGKILL', output: 'answered 1\n' });
  expect(await committed()).toBe(2);
  expect(notes()).toEqual(['died']);
});

test.each([
  ['does not come that often', { window: 'checkout-before-commit', pass: 4 }],
  ['stands in another window', { window: 'fact-before-commit', pass: 1 }],
])('leaves a process alone that %s, and notes no death', async (_, point) => {
  expect(await run(point)).toMatchObject({ code: 0 });
  expect(notes()).toEqual([]);
});
