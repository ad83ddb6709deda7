import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DatabaseUnavailable } from '@cartwheel/postgres';
import { deliveredFact, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { parking } from '@cartwheel/parking';
import { applied, emptyInstance, instance, instanceSchemas, kept, offsets } from './fixtures/instance.ts';
import type { FactInboxOptions } from './index.ts';

// Whose fault an error is, wherever in a chunk it comes about. The table is libs/postgres/src/failures.ts.

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase(instanceSchemas);
});
afterAll(() => db.drop());
beforeEach(() => emptyInstance(db));

/** Three facts, of which the one in the middle is the culprit. */
function three() {
  const [first, culprit, last] = [deliveredFact(), deliveredFact(), deliveredFact()];
  const orderId = culprit.key!.toString();
  return { chunk: [first, culprit, last], culprit, healthy: offsets([first, last]), orderId };
}
const raise = (code: string) => `DO $$ BEGIN RAISE 'no' USING ERRCODE = '${code}'; END $$`;

describe('an error of the code', () => {
  const atCulprit =
    (orderId: string, fail: (tx: Parameters<NonNullable<FactInboxOptions['locks']>>[0]) => Promise<unknown>) =>
    (tx: Parameters<NonNullable<FactInboxOptions['locks']>>[0], facts: readonly { subject: string }[]) =>
      facts.some(({ subject }) => subject === orderId) ? fail(tx) : Promise.resolve();

  test.each<[string, (orderId: string) => Partial<FactInboxOptions>, string]>([
    [
      'of the locks, with more parameters than the statement names',
      (orderId) => ({ locks: atCulprit(orderId, (tx) => tx.query('SELECT $1::int', [1, 2])) }),
      '08P01',
    ],
    [
      'of the locks, before there was a statement',
      (orderId) => ({ locks: atCulprit(orderId, () => Promise.reject(new TypeError('not a sku'))) }),
      'not a sku',
    ],
    [
      'in the look-up of held keys',
      (orderId) => ({
        parking: {
          ...parking,
          heldKeys: async (tx, consumer, topic, keys) => {
            if (keys.some((key) => key.toString() === orderId)) await tx.query('SELECT nothing FROM nowhere');
            return parking.heldKeys(tx, consumer, topic, keys);
          },
        },
      }),
      '42P01',
    ],
  ])('%s counts against its fact, and the others are applied', async (_, options, message) => {
    const { chunk, culprit, healthy, orderId } = three();
    await instance(db, undefined, options(orderId)).apply(...chunk);
    expect(await applied(db)).toEqual(healthy);
    expect(await kept(db)).toMatchObject([
      { offset: culprit.offset, state: 'parked', attempts: 1, error_message: expect.stringContaining(message) },
    ]);
  });

  test.each([
    ['the outbox insert', 'BEFORE INSERT ON outbox', `NEW.headers ->> 'ce_subject'`],
    ['COMMIT', 'AFTER INSERT ON effects DEFERRABLE INITIALLY DEFERRED', 'NEW.record_offset'],
  ])('in %s counts against its fact, and the others are applied', async (_, when, what) => {
    const { chunk, culprit, healthy, orderId } = three();
    const refused = what.includes('subject') ? orderId : culprit.offset!;
    await db.admin.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN IF ${what} = '${refused}' THEN RAISE EXCEPTION 'refused'; END IF; RETURN NEW; END $$;
      CREATE ${when.startsWith('AFTER') ? 'CONSTRAINT' : ''} TRIGGER refuse ${when} FOR EACH ROW EXECUTE FUNCTION refuse()`);
    await instance(db)
      .apply(...chunk)
      .finally(() => db.admin.query('DROP FUNCTION refuse CASCADE'));
    expect(await applied(db)).toEqual(healthy);
    expect(await kept(db)).toMatchObject([{ offset: culprit.offset, error_message: expect.stringContaining('P0001') }]);
  });
});

describe('an error that may be chance', () => {
  test.each(['57014', '55P03', '40001', '40P01', 'XX000'])(
    'of a handler (%s) repeats the chunk twice, then counts against its fact, and the others are applied',
    async (code) => {
      const { chunk, culprit, healthy } = three();
      const { apply } = instance(db, ({ delivery, tx }) => delivery === culprit && tx.query(raise(code)));
      for (let n = 0; n < 2; n += 1) {
        await expect(apply(...chunk)).rejects.toBeInstanceOf(DatabaseUnavailable);
        expect([await applied(db), await kept(db)]).toEqual([[], []]);
      }
      await apply(...chunk);
      expect(await applied(db)).toEqual(healthy);
      expect(await kept(db)).toMatchObject([{ offset: culprit.offset, state: 'parked', attempts: 1 }]);
    },
  );

  test('of the locks counts against the fact whose they are', async () => {
    const { chunk, culprit, healthy, orderId } = three();
    const locks: FactInboxOptions['locks'] = async (tx, facts) => {
      await tx.query('SET LOCAL statement_timeout = 50');
      if (facts.some(({ subject }) => subject === orderId)) await tx.query('SELECT pg_sleep(5)');
      await tx.query('SET LOCAL statement_timeout = 0');
    };
    const { apply } = instance(db, undefined, { locks });
    for (let n = 0; n < 2; n += 1) await expect(apply(...chunk)).rejects.toBeInstanceOf(DatabaseUnavailable);
    await apply(...chunk);
    expect(await applied(db)).toEqual(healthy);
    expect(offsets(await kept(db))).toEqual([culprit.offset]);
  });

  test('and does not come again was chance: counted from nothing, it counts for nobody', async () => {
    const { apply } = instance(db, ({ tx }) => (fails ? tx.query(raise('40P01')) : undefined));
    let fails = true;
    for (let n = 0; n < 4; n += 1) {
      const chunk = [deliveredFact()];
      fails = true;
      await expect(apply(...chunk)).rejects.toBeInstanceOf(DatabaseUnavailable);
      fails = false;
      await apply(...chunk);
    }
    expect([(await applied(db)).length, await kept(db)]).toEqual([4, []]);
  });
});

test('a lost connection counts for nobody, however often it comes', async () => {
  const { chunk, culprit } = three();
  const { apply } = instance(db, async ({ delivery, tx }) => {
    if (delivery !== culprit) return;
    const [me] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await db.admin.query('SELECT pg_terminate_backend($1)', [me!.pid]);
    throw new TypeError('of the handler');
  });
  for (let n = 0; n < 5; n += 1) await expect(apply(...chunk)).rejects.toBeInstanceOf(DatabaseUnavailable);
  expect([await applied(db), await kept(db)]).toEqual([[], []]);
});
