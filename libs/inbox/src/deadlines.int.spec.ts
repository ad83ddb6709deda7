import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { deliveredFact, eventually, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { applied, due, emptyInstance, instance, instanceSchemas, kept, offsets } from './fixtures/instance.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase(instanceSchemas);
});
afterAll(() => db.drop());
beforeEach(() => emptyInstance(db));

const never = new Promise<never>(() => undefined);
const deadlineMs = 200;
/** Connections of the service that have a transaction open. */
const inTransaction = () =>
  db.admin.query(
    `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'test' AND xact_start IS NOT NULL`,
  );

test('a handler that never settles has failed when its deadline is over, and is not run a second time', async () => {
  const chunk = [deliveredFact(), deliveredFact(), deliveredFact()];
  let calls = 0;
  const hangs = instance(
    db,
    ({ delivery }) => {
      if (delivery !== chunk[1]) return undefined;
      calls += 1;
      return never;
    },
    { deadlineMs },
  );
  await hangs.apply(...chunk);
  expect(calls).toBe(1);
  expect(await applied(db)).toEqual(offsets([chunk[0]!, chunk[2]!]));
  expect(await kept(db)).toMatchObject([
    { offset: chunk[1]!.offset, state: 'parked', attempts: 1, error_class: 'DeadlineExceeded' },
  ]);
  // Its connection is gone, and with it the locks of what nobody waits for any more.
  await eventually(async () => expect(await inTransaction()).toEqual([]));
});

test('a statement that never ends is given up too, and so are locks that nobody gets', async () => {
  const chunk = [deliveredFact(), deliveredFact()];
  const slow = (tx: { query(sql: string): Promise<unknown> }) => tx.query('SELECT pg_sleep(3)');
  const [inHandler, inLocks] = [chunk[0]!, chunk[1]!];
  await instance(db, ({ delivery, tx }) => delivery === inHandler && slow(tx), {
    deadlineMs,
    locks: (tx, facts) =>
      facts.some(({ subject }) => subject === inLocks.key!.toString()) ? slow(tx) : Promise.resolve(),
  }).apply(...chunk);
  expect(await applied(db)).toEqual([]);
  expect((await kept(db)).map(({ offset, error_class: of }) => [offset, of])).toEqual(
    offsets(chunk).map((offset) => [offset, 'DeadlineExceeded']),
  );
});

test('a chunk whose handlers are slow, each within its deadline, is done one by one: no transaction is open for long', async () => {
  const chunk = Array.from({ length: 8 }, () => deliveredFact());
  const longest: number[] = [];
  const step = async () => {
    const [row] = await db.admin.query<{ s: number }>(
      `SELECT extract(epoch FROM max(clock_timestamp() - xact_start))::float8 AS s FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'test'`,
    );
    longest.push(row!.s);
    await new Promise((resolve) => setTimeout(resolve, 150));
  };
  await instance(db, step, { deadlineMs: 300 }).apply(...chunk);
  expect(await applied(db)).toEqual(offsets(chunk));
  expect(await kept(db)).toEqual([]);
  // Eight of them in one transaction would have seen it open for more than seven times 150 ms.
  expect(longest.length).toBeGreaterThan(8);
});

test('a parked message whose handler never settles has used up an attempt, and the others have their turn', async () => {
  const [bad, good] = [deliveredFact(), deliveredFact()];
  await instance(db, () => Promise.reject(new Error('no'))).apply(bad, good);
  await due(db);
  const { runOnce } = instance(db, ({ delivery }) => (delivery.offset === bad.offset ? never : undefined), {
    deadlineMs,
  });
  await eventually(async () => {
    await runOnce();
    expect(await kept(db)).toMatchObject([{ offset: bad.offset, attempts: 2, error_class: 'DeadlineExceeded' }]);
  });
  expect(await applied(db)).toEqual([good.offset]);
});
