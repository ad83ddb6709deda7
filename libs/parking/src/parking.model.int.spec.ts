import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { contracts, type Delivery, fact, topology } from '@cartwheel/contracts';
import { type FactContext, FactInbox, inboxSchema } from '@cartwheel/inbox';
import { outboxSchema, Wake } from '@cartwheel/outbox';
import { DatabaseUnavailable } from '@cartwheel/postgres';
import { newId, Permanent } from '@cartwheel/primitives';
import { ddl, deliveredFact, testDatabase, type TestDatabase } from '@cartwheel/testing';
import fc from 'fast-check';
import { parking, parkingSchema, Retrier } from './index.ts';

// One partition, two instances that both believe it is theirs, and an operator. Whatever arrives once or twice, fails, is
// delivered again, replayed or discarded, and in whatever order: each message is applied at most once, in order per key, and none vanishes.

let db: TestDatabase;
const effects = {
  name: 'effects',
  migrations: ddl('CREATE TABLE effects (place bigint GENERATED ALWAYS AS IDENTITY, n int NOT NULL)'),
  grants: { effects: 'SELECT, INSERT' },
};

beforeAll(async () => {
  db = await testDatabase([outboxSchema, inboxSchema, parkingSchema, effects]);
});
afterAll(() => db.drop());

/** How a message goes: its handler fails so many times (Infinity: always), or once by a lost connection; or it is unreadable. */
const plan = fc.constantFrom(0, 0, 0, 0, 1, 2, 3, 5, Infinity, 'loses the connection', 'permanent', 'unreadable');
/** `twice`: its relay died between Kafka's confirmation and the delete, and the one after it has published it once more. */
const arrival = fc.record({ key: fc.constantFrom('a', 'b', 'c', null), plan, twice: fc.boolean() });
/** An owner starts at the committed offset or, after a rebalance, before it. */
const delivery = fc.record({ back: fc.nat({ max: 4 }), size: fc.integer({ min: 1, max: 6 }) });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ arrive: fc.array(arrival, { minLength: 1, maxLength: 5 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({ atOnce: fc.array(delivery, { maxLength: 2 }), retriers: fc.nat({ max: 2 }) }),
  },
  { weight: 2, arbitrary: fc.record({ operator: fc.constantFrom('replay', 'discard'), which: fc.nat({ max: 3 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

/** The log and what the world does to it. `committed` is the offset that the group goes on from. */
class World {
  readonly messages: { readonly id: string; readonly key: string | null; readonly plan: Plan; calls: number }[] = [];
  /** The records, and which message each is. */
  readonly log: { readonly delivery: Delivery; readonly n: number }[] = [];
  readonly discarded = new Set<number>();
  committed = 0;

  readonly #handlers = {
    has: () => true,
    handle: async (_: string, data: unknown, { tx, emit, delivery }: FactContext) => {
      const { n } = this.log[Number(delivery.offset)]!;
      const one = this.messages[n]!;
      one.calls += 1;
      const { orderId } = data as { orderId: string };
      await tx.query('INSERT INTO effects (n) VALUES ($1)', [n]);
      emit(fact('StockReleased', orderId, { orderId, items: [{ sku: 'mug', quantity: 1 }] }));
      if (one.plan === 'permanent') throw new Permanent('never');
      if (one.plan === 'loses the connection' && one.calls === 1) {
        const [me] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        await db.admin.query('SELECT pg_terminate_backend($1)', [me!.pid]);
        throw new TypeError('of the handler');
      }
      if (typeof one.plan === 'number' && one.calls <= one.plan) throw new Error('not yet');
    },
  };

  #instance() {
    const [wake, origin] = [new Wake(), { source: 'inventory', contracts, topology: topology() }];
    const shared = { consumer: 'inventory', dataSource: db.dataSource, wake };
    const inbox = new FactInbox({ ...shared, origin, parking });
    const retrier = new Retrier({ ...shared, topology: topology(), inbox, handlers: this.#handlers });
    return { inbox, retrier };
  }

  async take(step: Step): Promise<void> {
    if ('arrive' in step) {
      for (const { key, plan, twice } of step.arrive) {
        const value = plan === 'unreadable' ? { value: Buffer.from('{') } : {};
        const delivery = deliveredFact(newId(), { ...value, key: key === null ? null : Buffer.from(key) });
        const n = this.messages.push({ id: String(delivery.headers['ce_id']), key, plan, calls: 0 }) - 1;
        // What cannot be read has no id but its place.
        for (let copies = twice && plan !== 'unreadable' ? 2 : 1; copies > 0; copies -= 1)
          this.log.push({ delivery: { ...delivery, offset: String(this.log.length) }, n });
      }
    } else if ('operator' in step) {
      await this.#operate(step.operator, step.which);
    } else {
      await db.admin.query(`UPDATE parked_messages SET next_attempt_at = now() - interval '1 s'`);
      const retriers = Array.from({ length: step.retriers }, () => this.#instance().retrier.runOnce());
      await Promise.all([...step.atOnce.map((one) => this.#deliver(one)), ...retriers].map(unlessDatabase));
    }
  }

  async #deliver({ back, size }: { back: number; size: number }): Promise<void> {
    const from = Math.max(0, this.committed - back);
    const chunk = this.log.slice(from, from + size).map(({ delivery }) => delivery);
    await this.#instance().inbox.apply(chunk, this.#handlers, new AbortController().signal);
    this.committed = Math.max(this.committed, from + chunk.length);
  }

  /** As the operations do it, on the n-th dead row. */
  async #operate(what: 'replay' | 'discard', which: number): Promise<void> {
    const nth = `position = (SELECT position FROM parked_messages WHERE state = 'dead' ORDER BY position OFFSET $1 LIMIT 1)`;
    if (what === 'replay') {
      await db.admin.query(
        `UPDATE parked_messages SET state = 'parked', attempts = 0, next_attempt_at = now() WHERE ${nth}`,
        [which],
      );
    } else {
      const sql = `DELETE FROM parked_messages WHERE ${nth} RETURNING record_offset::int AS offset`;
      for (const { offset } of await db.admin.query<{ offset: number }>(sql, [which]))
        this.discarded.add(this.log[offset]!.n);
    }
  }

  /** Everything is delivered and every attempt made that will be made by itself. */
  async settle(): Promise<void> {
    const isParked = () =>
      db.admin.query(
        `SELECT 1 FROM (SELECT DISTINCT ON (topic, key) state FROM parked_messages ORDER BY topic, key, position) AS head
         WHERE state = 'parked'`,
      );
    while (this.committed < this.log.length || (await isParked()).length > 0) {
      await this.take({ atOnce: [{ back: 1, size: 6 }], retriers: 1 });
    }
  }

  async check(): Promise<void> {
    const applied = (await db.admin.query<{ n: number }>('SELECT n FROM effects ORDER BY place')).map(({ n }) => n);
    const rows = await db.admin.query<{ offset: number; state: string }>(
      'SELECT record_offset::int AS offset, state FROM parked_messages ORDER BY position',
    );
    const kept = rows.map(({ offset, state }) => ({ n: this.log[offset]!.n, state }));
    const everywhere = [...applied, ...kept.map(({ n }) => n), ...this.discarded].toSorted((a, b) => a - b);
    // Once each and none missing: with the log's beginning up to what was committed, or further where a commit was lost.
    expect(everywhere).toEqual([...everywhere.keys()]);
    const taken = new Set(this.log.slice(0, this.committed).map(({ n }) => n));
    expect(everywhere.length).toBeGreaterThanOrEqual(taken.size);
    expect(await db.admin.query('SELECT 1 FROM processed_events')).toHaveLength(everywhere.length);
    const announced = await db.admin.query<{ id: string }>(
      `SELECT headers ->> 'ce_causationid' AS id FROM outbox WHERE type = 'StockReleased'`,
    );
    const idsOf = applied.map((n) => this.messages[n]!.id);
    expect(announced.map(({ id }) => id).toSorted()).toEqual(idsOf.toSorted());

    const keyOf = (n: number) => this.messages[n]!.key;
    for (const key of ['a', 'b', 'c']) {
      const line = [...applied, ...kept.map(({ n }) => n)].filter((n) => keyOf(n) === key);
      expect(line).toEqual(line.toSorted((a, b) => a - b));
    }
    const mustFail = (n: number) => [Infinity, 'permanent', 'unreadable'].includes(this.messages[n]!.plan);
    expect(applied.filter(mustFail)).toEqual([]);
    expect(kept.filter(({ n, state }) => state === 'dead' && !mustFail(n))).toEqual([]);
  }
}

async function unlessDatabase(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof DatabaseUnavailable)) throw error;
  });
}

test('each message is applied at most once, in order per key, and ends as applied, parked or dead', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 20 }), async (steps) => {
      await db.admin.query(
        'TRUNCATE outbox, message_sequences, parked_messages, processed_events, begun_attempts, effects',
      );
      const world = new World();
      for (const one of steps) {
        await world.take(one);
        await world.check();
      }
      await world.settle();
      await world.check();
    }),
    { numRuns: 30, endOnFailure: true },
  );
});
