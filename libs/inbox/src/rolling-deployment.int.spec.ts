import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { facts } from '@cartwheel/contracts';
import { newId } from '@cartwheel/primitives';
import { deliveredFact, eventually, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { applied, due, emptyInstance, instance, instanceSchemas, kept, offsets } from './fixtures/instance.ts';

// Two instances of one consumer: the old one has no handler for OrderCancelled, or knows only version 1 of it.

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase(instanceSchemas);
});
afterAll(() => db.drop());
beforeEach(() => emptyInstance(db));

const handledForMs = 1_500;
const old = () => instance(db, undefined, { handles: (type) => type === 'OrderPlaced', handledForMs });
const young = () => instance(db, undefined, { handledForMs });
const version1 = [{ type: 'OrderCancelled', version: 1 }];
const keyed = (n: number) => {
  const key = Buffer.from(newId());
  return Array.from({ length: n }, () => deliveredFact(newId(), { key }));
};
/** An instance is believed to know who is there when it has said for long enough what it handles itself. */
async function steady(one: ReturnType<typeof old>) {
  await eventually(async () => {
    await one.inbox.announce([{ type: 'OrderPlaced', version: 1 }]);
    await db.admin.query(
      `UPDATE handled_types SET seen_at = clock_timestamp() - interval '2 s' WHERE type <> 'OrderPlaced'`,
    );
    const probe = deliveredFact();
    await one.apply(probe);
    expect(one.events.at(-1)).toBe('skipped');
  });
}

describe('a type that only newer instances handle', () => {
  test('is parked by an old one with all that follows of its key, and applied by a new one, in order', async () => {
    await young().inbox.announce(version1);
    const chunk = keyed(3);
    await old().apply(chunk[0]!);
    expect(await kept(db)).toMatchObject([{ state: 'parked', attempts: 0, error_class: 'HandledElsewhere' }]);
    // The partition moves to the new one.
    const later = young();
    await later.apply(...chunk.slice(1));
    expect(await applied(db)).toEqual([]);
    await due(db);
    await later.runOnce();
    expect(await applied(db)).toEqual(offsets(chunk));
    expect(await kept(db)).toEqual([]);
  });

  test('uses up no attempt of an old instance, however often that meets it', async () => {
    await young().inbox.announce(version1);
    const before = old();
    await before.apply(...keyed(1));
    for (let n = 0; n < 15; n += 1) {
      await due(db);
      await before.runOnce();
    }
    expect(await kept(db)).toMatchObject([{ state: 'parked', attempts: 0 }]);
    await due(db);
    await young().runOnce();
    expect(await applied(db)).toHaveLength(1);
  });

  test('that nobody has said to handle is skipped, as ever', async () => {
    const before = old();
    await before.apply(...keyed(2));
    expect(before.events).toEqual(['skipped', 'skipped']);
    expect(await kept(db)).toEqual([]);
  });

  test('is skipped again when the new ones are rolled back, also what was parked for them', async () => {
    const before = old();
    await young().inbox.announce(version1);
    await before.apply(...keyed(2));
    expect(await kept(db)).toHaveLength(2);
    await steady(before);
    await due(db);
    await before.runOnce();
    expect([await kept(db), await applied(db)]).toEqual([[], []]);
    expect(before.events.at(-1)).toBe('skipped');
  });

  test('and that one of them has failed on goes to a person when they are rolled back', async () => {
    const before = old();
    await instance(db, () => Promise.reject(new Error('no')), { handledForMs }).apply(...keyed(1));
    await steady(before);
    for (let n = 0; n < 9; n += 1) {
      await due(db);
      await before.runOnce();
    }
    expect(await kept(db)).toMatchObject([{ state: 'dead', attempts: 10 }]);
  });

  test('is not skipped after an outage of the database by who is first to be back', async () => {
    const before = old();
    await steady(before);
    await young().inbox.announce(version1);
    // Nobody could write for longer than anybody is believed.
    await db.admin.query(`UPDATE handled_types SET seen_at = clock_timestamp() - interval '1 min'`);
    await new Promise((resolve) => setTimeout(resolve, handledForMs + 100));
    await before.inbox.announce([{ type: 'OrderPlaced', version: 1 }]);
    const [one] = keyed(1);
    await before.apply(one!);
    expect(await kept(db)).toMatchObject([{ offset: one!.offset, error_class: 'HandledElsewhere' }]);
  });
});

describe('a version that only newer instances read', () => {
  const ofVersion2 = () => {
    const one = deliveredFact();
    return { ...one, headers: { ...one.headers, ce_dataversion: '2' } };
  };
  /** Contracts are a constant of a program: here, for a moment, of a newer one. */
  async function asTheNewOne(work: () => Promise<unknown>) {
    const contract = facts.OrderCancelled as { version: number };
    contract.version = 2;
    try {
      await work();
    } finally {
      contract.version = 1;
    }
  }

  test('is parked by an old one, uses up no attempt there, and is applied by a new one', async () => {
    await young().inbox.announce([...version1, { type: 'OrderCancelled', version: 2 }]);
    const one = ofVersion2();
    const before = young();
    await before.apply(one);
    expect(await kept(db)).toMatchObject([{ state: 'parked', attempts: 0, error_class: 'HandledElsewhere' }]);
    await due(db);
    await before.runOnce();
    expect(await kept(db)).toMatchObject([{ state: 'parked', attempts: 0 }]);
    await due(db);
    await asTheNewOne(() => young().runOnce());
    expect(await applied(db)).toEqual([one.offset]);
  });

  test('is dead at once when nobody has said to read it', async () => {
    await young().inbox.announce(version1);
    await young().apply(ofVersion2());
    expect(await kept(db)).toMatchObject([{ state: 'dead', error_class: 'UnreadableMessage' }]);
  });
});
