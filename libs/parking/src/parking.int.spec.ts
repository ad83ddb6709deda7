import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { contracts, type Delivery, topology } from '@cartwheel/contracts';
import { type FactContext, FactInbox, inboxSchema } from '@cartwheel/inbox';
import { outboxSchema, Wake } from '@cartwheel/outbox';
import { autocommit } from '@cartwheel/postgres';
import { newId, Permanent } from '@cartwheel/primitives';
import { deliveredFact, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { randomBytes } from 'node:crypto';
import { parking, parkingSchema } from './index.ts';
import { deliveryOf, type ParkedRow } from './parking.ts';

let db: TestDatabase;
let events: string[];
let applied: Delivery[];
const failing = new Map<Delivery, Error>();

beforeAll(async () => {
  db = await testDatabase([outboxSchema, inboxSchema, parkingSchema]);
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.admin.query('TRUNCATE outbox, parked_messages, processed_events');
  failing.clear();
  [events, applied] = [[], []];
});

const handlers = {
  has: () => true,
  handle: (_: string, __: unknown, { delivery }: FactContext) => {
    const error = failing.get(delivery);
    if (error) throw error;
    applied.push(delivery);
    return Promise.resolve();
  },
};

async function apply(...chunk: Delivery[]) {
  const inbox = new FactInbox({
    consumer: 'inventory',
    dataSource: db.dataSource,
    origin: { source: 'inventory', contracts, topology: topology() },
    wake: new Wake(),
    parking,
    onEvent: (event) => events.push(event),
  });
  applied = [];
  await inbox.apply(chunk, handlers, new AbortController().signal);
  return applied.filter((one) => !failing.has(one));
}

const ofKey = (key: Buffer | null, change: Partial<Delivery> = {}) => deliveredFact(newId(), { key, ...change });
const rows = () =>
  db.admin.query<
    ParkedRow & { state: string; attempts: number; is_due: boolean; first_failed_at: Date | null; error_class: string }
  >(`SELECT *, next_attempt_at <= coalesce(last_failed_at, now()) AS is_due FROM parked_messages ORDER BY position`);
const idOf = ({ headers }: Delivery) => headers['ce_id'];

describe('a message that fails', () => {
  test('is parked for a second or less, and the later ones of its key wait behind it, in order, while other keys flow', async () => {
    const key = Buffer.from('a');
    const chunk = [ofKey(key), ofKey(Buffer.from('b')), ofKey(key), ofKey(Buffer.from('c')), ofKey(key)];
    const [first, b, second, c, third] = chunk;
    failing.set(first!, new TypeError('no'));
    expect((await apply(...chunk)).slice(-2)).toEqual([b, c]);
    const later = ofKey(key);
    const other = ofKey(Buffer.from('b'));
    expect(await apply(later, other)).toEqual([other]);
    const kept = await rows();
    expect(kept.map(({ event_id: id }) => id)).toEqual([first, second, third, later].map((one) => idOf(one!)));
    expect(kept[0]).toMatchObject({ state: 'parked', attempts: 1, is_due: false, error_class: 'TypeError' });
    const waiting = { state: 'parked', attempts: 0, is_due: true, first_failed_at: null, error_class: null };
    expect(kept.slice(1)).toMatchObject([waiting, waiting, waiting]);
    expect(events.toSorted()).toEqual(['divided', 'parked', 'waiting', 'waiting', 'waiting']);
  });

  test('holds its key for its own consumer and topic only', async () => {
    const first = ofKey(Buffer.from('a'));
    failing.set(first, new Error('no'));
    await apply(first);
    const held = (consumer: string, topic: string) =>
      parking.heldKeys(autocommit(db.dataSource), consumer, topic, [first.key!, Buffer.from('b')]);
    expect(await held('inventory', first.topic)).toEqual([first.key]);
    expect(await held('email', first.topic)).toEqual([]);
    expect(await held('inventory', 'payment-events')).toEqual([]);
  });

  test('without a key holds up nobody, and is kept all the same', async () => {
    const [first, second] = [ofKey(null), ofKey(null)];
    failing.set(first, new Error('no'));
    expect(await apply(first, second)).toContain(second);
    expect((await rows()).map(deliveryOf)).toMatchObject([{ key: null, value: first.value }]);
  });
});

describe('a dead message', () => {
  test.each([
    ['of an unknown version', { headers: { ...deliveredFact().headers, ce_dataversion: '99' } }, undefined],
    ['that cannot be decoded', { value: Buffer.from('{') }, undefined],
    ['that is Permanent', {}, new Permanent('never')],
  ])('%s holds its key: nothing passes it, also when nothing waits behind it yet', async (...[, change, error]) => {
    const key = Buffer.from('a');
    const first = ofKey(key, change);
    if (error) failing.set(first, error);
    const [second, third] = [ofKey(key), ofKey(key)];
    expect(await apply(first)).toEqual([]);
    expect(await apply(second)).toEqual([]);
    expect(await apply(third)).toEqual([]);
    expect((await rows()).map(({ state }) => state)).toEqual(['dead', 'parked', 'parked']);
    const copies = await db.admin.query('SELECT destination FROM outbox');
    expect(copies).toEqual([{ destination: 'order-events.inventory.dlq' }]);
  });

  test('without a key holds up nothing', async () => {
    const [first, second] = [ofKey(null, { value: Buffer.from('{') }), ofKey(null)];
    expect(await apply(first, second)).toEqual([second]);
    expect(await rows()).toMatchObject([{ state: 'dead' }]);
  });
});

describe('what is kept', () => {
  const key = Buffer.from([0, 255, 1]);
  const headers = { ...deliveredFact().headers, 'x\0nul': 'a\0b', bytes: Buffer.from([0, 255]), none: undefined };

  test('is the delivery as it came, byte for byte, whatever is in it', async () => {
    const odd = ofKey(key, { headers });
    failing.set(odd, new Error('a\0b'));
    await apply(odd);
    const [row] = await rows();
    const delivery = deliveryOf(row!);
    const { source, topic, partition, offset, timestamp, value } = odd;
    expect(delivery).toMatchObject({ source, topic, partition, offset, timestamp, key, value });
    const text = Object.entries(delivery.headers).map(([name, bytes]) => [name, (bytes as Buffer).toString('latin1')]);
    const { none: _, 'x\0nul': nul, bytes, ...plain } = headers;
    expect(Object.fromEntries(text)).toEqual({ ...plain, xnul: nul, bytes: bytes.toString('latin1') });
    expect(await parking.heldKeys(autocommit(db.dataSource), 'inventory', topic, [key])).toEqual([key]);
  });

  test('stands under the digest of a key that no index takes, so that the key is held', async () => {
    const long = randomBytes(4_000);
    const [first, second] = [ofKey(long), ofKey(long)];
    failing.set(first, new Error('no'));
    expect(await apply(first, second)).toEqual([]);
    expect((await rows()).map(({ key: { length } }) => length)).toEqual([32, 32]);
  });
});
