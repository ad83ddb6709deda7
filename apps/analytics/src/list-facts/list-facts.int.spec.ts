import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { newId } from '@cartwheel/primitives';
import { testDatabase, type TestDatabase } from '@cartwheel/testing';
import { schemas } from '../analytics.schema.ts';
import { type Analytics, analyticsOn } from '../fixtures/analytics.ts';
import { anOrder, delivered } from '../fixtures/order-facts.ts';
import { type FactFilter, searchFacts } from './search-facts.ts';

type Page = {
  items: { id: string; type: string; subject: string; correlationId: string; data: object }[];
  next: string | null;
};

let db: TestDatabase;
let analytics: Analytics;
beforeAll(async () => {
  db = await testDatabase(schemas);
  analytics = await analyticsOn(db);
});
afterAll(() => analytics.close());
beforeEach(() => analytics.empty('facts'));

const page = (query: string) => analytics.get<Page>(`/facts?${query}`);
const types = async (query: string) => (await page(query)).items.map(({ type }) => type);
const [mug, clock] = [anOrder(), anOrder([{ sku: 'clock-oak', quantity: 1, minor: 8_700 }])];

test('facts are found by order, correlation, type, time and words of their data', async () => {
  const first = mug.placed('2026-03-10T08:00:00.000Z');
  const decline = { orderId: clock.orderId, paymentId: newId(), declineCode: 'insufficient_funds' };
  await analytics.record([
    first,
    clock.placed('2026-03-10T09:00:00.000Z'),
    delivered('PaymentDeclined', clock.orderId, decline, '2026-03-10T09:30:00.000Z'),
    mug.completed('2026-04-02T08:00:00.000Z'),
  ]);
  expect(await types(`orderId=${mug.orderId}`)).toEqual(['OrderPlaced', 'OrderCompleted']);
  expect(await types(`correlationId=${String(first.headers['ce_correlationid'])}`)).toEqual(['OrderPlaced']);
  expect(await types('type=OrderCompleted')).toEqual(['OrderCompleted']);
  expect(await types('from=2026-03-10T09:00:00Z&to=2026-04-02T08:00:00Z')).toEqual(['OrderPlaced', 'PaymentDeclined']);
  expect(await types('q=clock-oak')).toEqual(['OrderPlaced']);
  expect(await types('q=insufficient_funds')).toEqual(['PaymentDeclined']);
  expect(await types(`q=${decline.paymentId}`)).toEqual(['PaymentDeclined']);
  expect(await types(`q=clock-oak&orderId=${mug.orderId}`)).toEqual([]);
});

test('personal fields are masked in what is shown, and no search finds them', async () => {
  await analytics.record([mug.placed()]);
  const { items } = await page(`orderId=${mug.orderId}`);
  expect(JSON.stringify(items)).not.toMatch(/Ada|Moreau|ada@/);
  expect(items[0]!.data).toMatchObject({ customer: { name: '***', email: '***' } });
  for (const q of ['Ada', 'Moreau', 'ada@example.com', 'example.com']) expect(await types(`q=${q}`)).toEqual([]);
});

test('pages follow each other without a gap or a repeat, also among facts of the same millisecond', async () => {
  await analytics.record(Array.from({ length: 7 }, () => anOrder().placed()));
  // A record's time is its producer's, which may be any.
  await analytics.record(Array.from({ length: 4 }, () => anOrder().placed('1969-12-31T23:59:59.995Z')));
  const seen: string[] = [];
  for (let after = ''; ;) {
    const { items, next } = await page(`limit=3${after}`);
    seen.push(...items.map(({ id }) => id));
    if (next === null) break;
    after = `&after=${next}`;
  }
  expect(seen).toHaveLength(11);
  expect(new Set(seen).size).toBe(11);
});

test('a fact that the log holds twice, in two months, is one row: ids decide, not the key of the table', async () => {
  const fact = mug.placed('2026-03-31T23:59:59.999Z');
  await analytics.record([fact]);
  await analytics.record([{ ...fact, offset: '999', timestamp: '2026-04-01T00:00:00.001Z' }]);
  expect(await types(`orderId=${mug.orderId}`)).toEqual(['OrderPlaced']);
});

test('a fact of a month that nobody made is kept and found, and moves when the month is made', async () => {
  const partitions = async () =>
    (await db.admin.query<{ name: string }>('SELECT tableoid::regclass::text AS name FROM facts')).map(
      ({ name }) => name,
    );
  await analytics.record([mug.placed('2031-05-31T23:59:59.999Z'), clock.placed('2031-06-01T00:00:00.000Z')]);
  expect(await partitions()).toEqual(['facts_of_other_months', 'facts_of_other_months']);
  await db.admin.query(`SELECT make_fact_months('2031-05-17', 1), make_fact_months('2031-05-17', 2)`);
  expect((await partitions()).toSorted()).toEqual(['facts_2031_05', 'facts_2031_06']);
  expect(await types(`orderId=${mug.orderId}`)).toEqual(['OrderPlaced']);
  await analytics.record([mug.completed('2031-06-02T00:00:00.000Z')]);
  expect(analytics.events).not.toContain('parked');
});

test('a fact is shown with any number that its contract takes', async () => {
  const placed = mug.placed();
  await analytics.record([{ ...placed, headers: { ...placed.headers, ce_sequence: '3000000000' } }]);
  expect(await page('')).toMatchObject({ items: [{ sequence: 3_000_000_000 }] });
});

test('a fact whose record has no time that is one is recorded under its own', async () => {
  const { timestamp, ...placed } = mug.placed();
  await analytics.record([placed]);
  expect(await page('')).toMatchObject({ items: [{ type: 'OrderPlaced', recordedAt: timestamp }] });
});

type Plan = { 'Node Type': string; 'Relation Name'?: string; 'Index Name'?: string; Plans?: Plan[] };
const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];

test.each<[string, Omit<FactFilter, 'limit'>]>([
  ['an order', { orderId: mug.orderId }],
  ['a correlation id', { correlationId: newId() }],
  ['words', { q: 'clock-oak' }],
  ['an hour', { from: new Date('2032-01-02T08:00:00Z'), to: new Date('2032-01-02T09:00:00Z') }],
])('a search by %s reads no month from end to end', async (_, filter) => {
  await db.admin.query(`SELECT make_fact_months('2032-01-01', 1)`);
  await db.admin.query(
    `INSERT INTO facts (id, type, version, source, subject, time, correlation_id, causation_id, data, topic, partition,
       record_offset, recorded_at)
     SELECT gen_random_uuid(), 'OrderPlaced', 1, 'order', gen_random_uuid(), at, gen_random_uuid(), 'http:x',
       jsonb_build_object('sku', 'sku-' || n), 'order-events', 0, n, at
     FROM generate_series(1, 20000) AS n, LATERAL (SELECT timestamptz '2032-01-01 00:00Z' + n * interval '2 min' AS at) AS t`,
  );
  await db.admin.query('ANALYZE facts');
  const { sql, parameters } = searchFacts({ ...filter, limit: 100 });
  const client = await db.pool.connect();
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(`EXPLAIN (FORMAT JSON) ${sql}`, [
    ...parameters,
  ]);
  client.release();
  const month = nodes(rows[0]!['QUERY PLAN'][0].Plan).filter((node) => node['Relation Name'] === 'facts_2032_01');
  expect(month.map((node) => node['Node Type'])).not.toEqual([]);
  expect(month.map((node) => node['Node Type'])).not.toContain('Seq Scan');
});

test.each(['orderid=x', 'type=OrderLost', 'limit=201', 'after=yesterday', 'from=2026-03-01'])(
  '?%s is an invalid request',
  async (query) => expect(await page(query)).toMatchObject({ status: 400, code: 'invalid-request' }),
);
