import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { contracts, fact, topology } from '@cartwheel/contracts';
import { FactInbox, inboxSchema } from '@cartwheel/inbox';
import { OutboxRelay, outboxSchema, UnitOfWork, Wake } from '@cartwheel/outbox';
import { parking, parkingSchema, refusedFacts } from '@cartwheel/parking';
import { createDataSource, type DataSource, poolOf } from '@cartwheel/postgres';
import { newId } from '@cartwheel/primitives';
import {
  deliveredFact,
  eventually,
  pgbouncer,
  pgbouncerProgram,
  testDatabase,
  type TestDatabase,
} from '@cartwheel/testing';

const isHere = pgbouncerProgram() !== undefined;
if (!isHere) process.stdout.write('behind a pooler: not tried, pgbouncer is not here (apt: pgbouncer)\n');
const origin = { source: 'order', contracts, topology: topology() };

let db: TestDatabase;
let pooler: Awaited<ReturnType<typeof pgbouncer>>;
const running: OutboxRelay[] = [];

beforeAll(async () => {
  db = await testDatabase([outboxSchema, parkingSchema, inboxSchema]);
});
afterAll(() => db.drop());

function relay(connectionString: string) {
  const published: string[] = [];
  const refusals: string[] = [];
  const one = new OutboxRelay({
    channel: 'kafka',
    connectionString,
    wake: new Wake(),
    pollIntervalMs: 20,
    setAside: refusedFacts,
    publish: (rows) => {
      published.push(...rows.map(({ id }) => id));
      return Promise.resolve({ confirmed: rows.map(({ seq }) => seq) });
    },
    onFatal: (reason) => refusals.push(reason),
  });
  running.push(one);
  one.start();
  return { published, refusals };
}

const placed = () => {
  const orderId = newId();
  const money = { amountMinor: 1_200, currency: 'EUR' };
  return fact('OrderPlaced', orderId, {
    orderId,
    customer: { name: 'Ada', email: 'ada@example.com' },
    items: [{ sku: 'mug-blue', name: 'Blue mug', quantity: 1, unitPrice: money }],
    total: money,
    paymentMethod: 'pm_card_visa',
  });
};
const locks = () =>
  db.admin.query(
    `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = 2827
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );

(isHere ? describe : describe.skip).each(['transaction', 'session'] as const)(
  'behind a pooler in %s mode',
  (poolMode) => {
    let dataSource: DataSource;
    beforeEach(async () => {
      pooler = await pgbouncer(db.url, { poolMode, poolSize: 12 });
      dataSource = await createDataSource(pooler.url, { name: 'order', max: 5 }).initialize();
      await db.admin.query('TRUNCATE outbox, processed_events');
    });
    afterEach(async () => {
      await Promise.all(running.splice(0).map((one) => one.stop()));
      await dataSource.destroy();
      await pooler.stop();
    });
    const unitOfWork = () => new UnitOfWork(dataSource, origin, new Wake());
    const cause = { correlationId: newId(), causationId: newId() };

    test('no relay leads: each says what is wrong and how to mend it, and leaves no lock behind', async () => {
      await unitOfWork().run(cause, async (tx) => tx.emit(placed()));
      const two = [relay(pooler.url), relay(pooler.url)];
      await eventually(() => expect(two.map(({ refusals }) => refusals.length)).toEqual([1, 1]));
      for (const { refusals, published } of two) {
        expect(refusals[0]).toContain('set DATABASE_DIRECT_URL to an address of PostgreSQL itself');
        expect(published).toEqual([]);
      }
      expect(await locks()).toEqual([]);
    });

    test('the rest of a service works, and one relay leads that was given the address of PostgreSQL itself', async () => {
      const two = [relay(db.url), relay(db.url)];
      const messages = Array.from({ length: 30 }, placed);
      await Promise.all(messages.map((message) => unitOfWork().run(cause, async (tx) => tx.emit(message))));
      await eventually(() =>
        expect(two.flatMap(({ published }) => published).toSorted()).toEqual(messages.map(({ id }) => id).toSorted()),
      );
      expect([two.map(({ refusals }) => refusals), (await locks()).length]).toEqual([[[], []], 1]);

      const handled: string[] = [];
      const inbox = new FactInbox({ consumer: 'payment', dataSource, origin, wake: new Wake(), parking });
      const chunk = messages.map(() => deliveredFact());
      const handlers = { has: () => true, handle: async (type: string) => void handled.push(type) };
      for (const _ of [1, 2]) await inbox.apply(chunk, handlers, new AbortController().signal);
      expect(handled).toHaveLength(30);
    });

    test('the time limits of its sessions are in force', async () => {
      const { rows } = await poolOf(dataSource).query<{ limits: string[] }>(
        `SELECT array[current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout'),
         current_setting('lock_timeout')] AS limits`,
      );
      expect(rows[0]!.limits).toEqual(['30s', '20s', '10s']);
    });
  },
);
