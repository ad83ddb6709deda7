import type { Delivery } from '@cartwheel/contracts';
import { autocommit } from '@cartwheel/postgres';
import { newId } from '@cartwheel/primitives';
import { orderFacts, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { schemas } from '../analytics.schema.ts';
import { type Analytics, analyticsOn } from '../fixtures/analytics.ts';
import { countGaps, findGaps } from './gaps.ts';
import { WatchGaps } from './watch-gaps.job.ts';

let db: TestDatabase;
let analytics: Analytics;
beforeAll(async () => {
  db = await testDatabase(schemas);
  analytics = await analyticsOn(db);
});
afterAll(() => analytics.close());
beforeEach(() => analytics.empty('facts', 'fact_sequences'));
afterEach(() => void jest.restoreAllMocks());

const gaps = () => analytics.get('/gaps');
/** As if what is missing had been so for two minutes. */
const aMinutePasses = () => db.admin.query(`UPDATE fact_sequences SET gap_since = gap_since - interval '2 min'`);
const without = (facts: readonly Delivery[], ...numbers: number[]) =>
  facts.filter((_, index) => !numbers.includes(index + 1));

test('a fact that a later one has overtaken is missing when a minute has passed, and no more when it is read', async () => {
  const orderId = newId();
  const facts = orderFacts('refunded', { orderId });
  await analytics.record(without(facts, 2, 3));
  expect(await gaps()).toEqual([]);
  await aMinutePasses();
  const gap = { topic: 'order-events', subject: orderId, since: expect.any(String) };
  expect(await gaps()).toEqual([{ ...gap, missing: [{ from: 2, to: 3 }] }]);
  await analytics.record([facts[2]!]);
  expect(await gaps()).toEqual([{ ...gap, missing: [{ from: 2, to: 2 }] }]);
  await analytics.record([facts[1]!]);
  expect(await gaps()).toEqual([]);
});

test('the first fact of a subject can be missing too', async () => {
  await analytics.record(without(orderFacts('completed'), 1));
  await aMinutePasses();
  expect(await gaps()).toMatchObject([{ missing: [{ from: 1, to: 1 }] }]);
});

test('only what is missing is: whatever the order in which facts are read, and however often', async () => {
  const number = fc.integer({ min: 1, max: 5 });
  await fc.assert(
    fc.asyncProperty(fc.array(number, { minLength: 1, maxLength: 12 }), async (numbers) => {
      await analytics.empty('facts', 'fact_sequences');
      const facts = orderFacts('refunded');
      for (const n of numbers) await analytics.record([facts[n - 1]!]);
      const isWhole = new Set(numbers).size === Math.max(...numbers);
      expect((await countGaps(db.admin)).gaps).toBe(isWhole ? 0 : 1);
    }),
    { numRuns: 40 },
  );
});

test('a fact that is parked or dead is not missing', async () => {
  const facts = orderFacts('completed');
  await analytics.record(without(facts, 2));
  await aMinutePasses();
  await db.admin.query(
    `INSERT INTO parked_messages (source, consumer, topic, key, state, attempts, next_attempt_at, event_id, headers)
     VALUES ('kafka', 'analytics.facts', 'order-events', $1, 'parked', 1, now(), $2, '{}')`,
    [facts[1]!.key, newId()],
  );
  expect([await gaps(), (await countGaps(db.admin)).gaps]).toEqual([[], 0]);
});

test('the log names each gap once, and says when it is filled', async () => {
  const orderId = newId();
  const facts = orderFacts('completed', { orderId });
  await analytics.record(without(facts, 2));
  await aMinutePasses();
  const said: unknown[] = [];
  const note = (line: unknown) => void said.push(line);
  jest.spyOn(Logger.prototype, 'error').mockImplementation(note);
  jest.spyOn(Logger.prototype, 'warn').mockImplementation(note);
  const watch = new WatchGaps(autocommit(db.dataSource));
  await watch.runOnce();
  await watch.runOnce();
  const place = { topic: 'order-events', subject: orderId };
  expect(said).toEqual([
    { msg: 'facts are missing', ...place, since: expect.any(Date), missing: [{ from: 2, to: 2 }] },
  ]);
  await analytics.record([facts[1]!]);
  await watch.runOnce();
  expect(said.slice(1)).toEqual([{ msg: 'facts are not missing any more', ...place }]);
});

test('a look reads the gaps, and none of the many facts without', async () => {
  await db.admin.query(
    `INSERT INTO fact_sequences (topic, subject, last, seen) SELECT 'order-events', n::text, 4, 4 FROM generate_series(1, 20000) AS n`,
  );
  await db.admin.query('ANALYZE fact_sequences');
  const plans: string[] = [];
  const explained = {
    async query<Row>(sql: string, values?: readonly unknown[]) {
      const plan = await db.admin.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${sql}`, values);
      plans.push(plan.map((row) => row['QUERY PLAN']).join('\n'));
      return [] as Row[];
    },
  };
  await findGaps(explained);
  await countGaps(explained);
  expect(plans).toEqual([
    expect.stringContaining('fact_sequences_gap_since_idx'),
    expect.stringContaining('fact_sequences_gap_since_idx'),
  ]);
});
