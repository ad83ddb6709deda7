import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { contracts, UnreadableMessage } from '@cartwheel/contracts';
import { outboxSchema } from '@cartwheel/outbox';
import { autocommit, type Schema, transaction } from '@cartwheel/postgres';
import { newId } from '@cartwheel/primitives';
import { ddl, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { buried, capturePayment, delivered, orderPlaced, PERSONAL } from './fixtures/burying.ts';
import { listParked, type ParkedFilter, parkingSchema, reveal, showParked } from './index.ts';

const processedSchema: Schema = {
  name: 'processed',
  migrations: ddl('CREATE TABLE processed_events (consumer text, event_id uuid, PRIMARY KEY (consumer, event_id))'),
  grants: { processed_events: 'SELECT, INSERT' },
};

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase([outboxSchema, parkingSchema, processedSchema]);
});
afterAll(() => db.drop());
beforeEach(() => db.admin.query('TRUNCATE outbox, parked_messages, processed_events, parked_message_actions'));

const list = (filter: Partial<ParkedFilter> = {}) =>
  listParked(autocommit(db.dataSource), { state: 'dead', limit: 50, ...filter }, contracts);
const positions = async (filter: Partial<ParkedFilter> = {}) => (await list(filter)).items.map((item) => item.position);
const show = (position: number) => showParked(autocommit(db.dataSource), position, contracts);
const revealed = (position: number) =>
  transaction(db.dataSource, (tx) => reveal(tx, position, { operator: 'ada' }, contracts));

describe('nothing personal', () => {
  const { name, email } = PERSONAL;
  const placed = orderPlaced();
  const planted: [string, ReturnType<typeof delivered>, unknown?][] = [
    ['the data of a fact', delivered(placed)],
    ['data that breaks its contract', delivered(placed, { value: Buffer.from(JSON.stringify({ name, email })) })],
    [
      'a field that no contract has',
      delivered(placed, { value: Buffer.from(JSON.stringify({ ...placed.data, note: `${name} ${email}` })) }),
    ],
    ['a value that is no JSON', delivered(placed, { value: Buffer.from(`${name} ${email}`) })],
    ['a key', delivered(placed, { key: Buffer.from(`${name} ${email}`) })],
    ['the type', delivered(placed, { headers: { ce_type: `${name} ${email}` } })],
    ['the subject', delivered(placed, { headers: { ...delivered(placed).headers, ce_subject: `${name} ${email}` } })],
    ['another header', delivered(placed, { headers: { ...delivered(placed).headers, ce_userid: email, x: name } })],
    ["a library's error", delivered(placed), new Error(`550 no such user: ${name} <${email}>`)],
  ];

  test.each(planted)(
    'that stands in %s is listed or shown; a reveal has it, and says who looked',
    async (...[, delivery, error]) => {
      const position = await buried(db.dataSource, delivery, error === undefined ? {} : { error });
      const seen = JSON.stringify([await list(), await show(position)]);
      expect(seen).not.toMatch(/Ada|Moreau|ada@|example\.com/);
      const whole = JSON.stringify(await revealed(position));
      expect(whole).toContain(email);
      expect(whole).toContain(name);
      expect(await db.admin.query('SELECT operator, action FROM parked_message_actions')).toEqual([
        { operator: 'ada', action: 'reveal' },
      ]);
    },
  );

  test('is shown beside what an operator needs: type, key, data without the customer, our own words on what is wrong', async () => {
    const error = new UnreadableMessage('undecodable', 'no contract for this type');
    const position = await buried(db.dataSource, delivered(placed), { error });
    const data = { ...placed.data, customer: { name: '***', email: '***' } };
    expect(await show(position)).toMatchObject({
      position,
      state: 'dead',
      type: 'OrderPlaced',
      key: placed.subject,
      attempts: 3,
      errorClass: 'UnreadableMessage',
      errorMessage: 'no contract for this type',
      message: { subject: placed.subject, data },
      blockedBy: null,
      behind: 0,
    });
  });
});

describe('what cannot be read', () => {
  const bytes = Buffer.from([0, 0xff, 0xfe, 0x41]);

  test('is told by size and digest', async () => {
    const position = await buried(db.dataSource, delivered(orderPlaced(), { value: bytes }));
    const shown = await show(position);
    expect(shown.payload).toEqual({ bytes: 4, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(shown).not.toHaveProperty('message');
  });

  test('is revealed as base64, and an odd key or header does no harm', async () => {
    const headers = { ce_type: bytes, 'odd\0name': bytes };
    const position = await buried(db.dataSource, delivered(orderPlaced(), { key: bytes, headers, value: bytes }));
    expect((await list({ type: 'OrderPlaced' })).items).toEqual([]);
    expect((await list()).items).toMatchObject([{ position, type: null, key: expect.stringMatching(/^sha256:/) }]);
    expect(await revealed(position)).toMatchObject({
      key: `base64:${bytes.toString('base64')}`,
      payload: { base64: bytes.toString('base64') },
    });
  });

  test('is found by its key as the list shows it, and so is a message without a value or a key', async () => {
    const odd = await buried(db.dataSource, delivered(orderPlaced(), { key: bytes }));
    const long = await buried(db.dataSource, delivered(orderPlaced(), { key: Buffer.alloc(5_000, 'k') }));
    const empty = await buried(db.dataSource, delivered(orderPlaced(), { key: null, value: null }));
    for (const position of [odd, long, empty]) {
      expect(await positions({ key: (await show(position)).key })).toEqual([position]);
    }
    expect((await show(empty)).payload).toBeNull();
  });
});

describe('a list', () => {
  test('holds what its filter says: consumer, type, key, error class and time', async () => {
    const placed = orderPlaced();
    const fact = await buried(db.dataSource, delivered(placed));
    const task = await buried(db.dataSource, delivered(capturePayment()), {
      error: new TypeError('x is not a function'),
    });
    await db.admin.query(`UPDATE parked_messages SET last_failed_at = '2026-01-02T00:00:00Z' WHERE position = $1`, [
      task,
    ]);
    expect(await positions({ consumer: 'inventory' })).toEqual([fact]);
    expect(await positions({ type: 'CapturePayment' })).toEqual([task]);
    expect(await positions({ key: placed.subject })).toEqual([fact]);
    expect(await positions({ errorClass: 'TypeError' })).toEqual([task]);
    expect(await positions({ since: new Date('2026-01-02T00:00:00Z'), until: new Date('2026-01-03') })).toEqual([task]);
    expect(await positions({ until: new Date('2026-01-02T00:00:00Z') })).toEqual([]);
    expect(await positions({ consumer: 'inventory', type: 'CapturePayment' })).toEqual([]);
    expect(await positions({ state: 'parked' })).toEqual([]);
  });

  test('finds a type also where it was written by our own relay, in plain text', async () => {
    const position = await buried(db.dataSource, delivered(capturePayment()));
    await db.admin.query(`UPDATE parked_messages SET headers = '{"ce_type": "CapturePayment"}'`);
    expect((await list({ type: 'CapturePayment' })).items).toMatchObject([{ position, type: 'CapturePayment' }]);
  });

  test('comes in pages, oldest first, that together hold everything once', async () => {
    const all: number[] = [];
    for (let n = 0; n < 5; n += 1) all.push(await buried(db.dataSource, delivered(orderPlaced())));
    const first = await list({ limit: 2 });
    const second = await list({ limit: 2, after: first.next! });
    const third = await list({ limit: 2, after: second.next! });
    expect([first, second, third].flatMap(({ items }) => items.map(({ position }) => position))).toEqual(all);
    expect(third.next).toBeNull();
    expect((await list({ limit: 5 })).next).toBeNull();
  });
});

test('what stands nowhere is not found', async () => {
  await expect(show(1_000_000)).rejects.toMatchObject({ code: 'dead-letter-not-found', status: 404 });
  await expect(revealed(1_000_000)).rejects.toMatchObject({ code: 'dead-letter-not-found', status: 404 });
  expect(await positions({ key: newId() })).toEqual([]);
});
