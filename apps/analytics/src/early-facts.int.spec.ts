import type { Delivery } from '@cartwheel/contracts';
import { orderFacts, orderLives, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { schemas } from './analytics.schema.ts';
import { type Analytics, analyticsOn } from './fixtures/analytics.ts';
import { type Projection, projections } from './generations.ts';

// When a topic gets more partitions, the facts of one order may be read in any order, and two of them at once.

let db: TestDatabase;
let analytics: Analytics;
beforeAll(async () => {
  db = await testDatabase(schemas);
  analytics = await analyticsOn(db);
});
afterAll(() => analytics.close());

const names = Object.keys(projections) as Projection[];
const tables = names.map((name) => projections[name].table);

/** Every row of every projection, after these chunks. */
async function shownAfter(chunks: readonly (readonly Delivery[])[]) {
  await analytics.empty(...tables);
  for (const name of names) for (const chunk of chunks) await analytics.project(name, chunk);
  const rows = tables.map((table) => db.admin.query(`SELECT to_jsonb(t) AS row FROM ${table} AS t ORDER BY row`));
  return Promise.all(rows);
}

test('every projection shows the same, in whatever order the facts of several orders are read', async () => {
  const lives = fc.array(fc.constantFrom(...orderLives), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(lives, fc.infiniteStream(fc.nat()), fc.integer({ min: 1, max: 5 }), async (of, picks, size) => {
      const facts = of.flatMap((life) => orderFacts(life));
      const expected = await shownAfter([facts]);
      const left = [...facts];
      const chunks: Delivery[][] = [];
      for (const pick of picks) {
        if (left.length === 0) break;
        if ((chunks.at(-1)?.length ?? size) >= size) chunks.push([]);
        chunks.at(-1)!.push(...left.splice(pick % left.length, 1));
      }
      expect(await shownAfter(chunks)).toEqual(expected);
    }),
    { numRuns: 30 },
  );
  expect(await db.admin.query('SELECT 1 FROM parked_messages')).toEqual([]);
}, 120_000);

test('two halves of the same orders, read at once from two partitions, are shown whole', async () => {
  const orders = Array.from({ length: 40 }, () => orderFacts('refunded'));
  const facts = orders.flat();
  const expected = await shownAfter([facts]);
  await analytics.empty(...tables);
  const early = orders.flatMap((own) => own.slice(0, 2));
  const late = orders.toReversed().flatMap((own) => own.slice(2));
  for (const name of names) await Promise.all([early, late].map((half) => analytics.project(name, half)));
  const rows = tables.map((table) => db.admin.query(`SELECT to_jsonb(t) AS row FROM ${table} AS t ORDER BY row`));
  expect(await Promise.all(rows)).toEqual(expected);
});
