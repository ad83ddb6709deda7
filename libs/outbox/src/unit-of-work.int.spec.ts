import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { contracts, fact, task, topology } from '@cartwheel/contracts';
import { defineContracts } from '@cartwheel/messages';
import { newId, Permanent } from '@cartwheel/primitives';
import { ddl, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { z } from 'zod';
import { outboxSchema, UnitOfWork, Wake } from './index.ts';

let db: TestDatabase;
let unitOfWork: UnitOfWork;
let rings = 0;
const things = {
  name: 'things',
  migrations: ddl('CREATE TABLE things (id text)'),
  grants: { things: 'SELECT, INSERT, UPDATE' },
};

beforeAll(async () => {
  db = await testDatabase([outboxSchema, things]);
  const wake = new Wake();
  wake.onRing(() => (rings += 1));
  unitOfWork = new UnitOfWork(db.dataSource, { source: 'order', contracts, topology: topology('ns') }, wake);
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.admin.query('TRUNCATE outbox, things, message_sequences');
  rings = 0;
});

const orderId = newId();
const cause = { correlationId: newId(), causationId: `http:${newId()}` };
const cancelled = (id = orderId) => fact('OrderCancelled', id, { orderId: id, reason: 'timed-out' });
type Row = { channel: string; destination: string; key: Buffer; headers: Record<string, string>; payload: Buffer };
const rows = () => db.admin.query<Row>('SELECT * FROM outbox ORDER BY seq');

test('a change and its messages are committed together', async () => {
  await unitOfWork.run(cause, async (tx) => {
    await tx.query(`INSERT INTO things VALUES ('a')`);
    tx.emit(cancelled(), task('SendEmail', orderId, { orderId, emailId: newId(), template: 'cancellation' }));
  });
  const [first, second] = await rows();
  expect(first).toMatchObject({
    channel: 'kafka',
    destination: 'ns.order-events',
    headers: { ce_type: 'OrderCancelled', ce_sequence: '1' },
  });
  expect(first!.key.toString()).toBe(orderId);
  expect(first!.headers).toMatchObject({ ce_correlationid: cause.correlationId, ce_causationid: cause.causationId });
  expect(second).toMatchObject({ channel: 'rabbitmq', destination: 'ns.tasks' });
  expect(second!.key.toString()).toBe('email.message.send');
  expect(second!.headers).not.toHaveProperty('ce_sequence');
  expect(rings).toBe(1);
});

test('a rollback leaves neither change nor message, takes no sequence number and wakes nobody', async () => {
  const failing = unitOfWork.run(cause, async (tx) => {
    await tx.query(`INSERT INTO things VALUES ('a')`);
    tx.emit(cancelled());
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(await rows()).toEqual([]);
  expect(await db.admin.query('SELECT * FROM things')).toEqual([]);
  expect(await db.admin.query('SELECT * FROM message_sequences')).toEqual([]);
  expect(rings).toBe(0);
});

test('a message against its contract is never written, and takes the change with it', async () => {
  const wrong = unitOfWork.run(cause, async (tx) => {
    await tx.query(`INSERT INTO things VALUES ('a')`);
    tx.emit(fact('OrderCancelled', orderId, { orderId, reason: 'no reason' as never }));
  });
  await expect(wrong).rejects.toThrow(Permanent);
  expect(await db.admin.query('SELECT * FROM things')).toEqual([]);
});

test('the facts and tasks of another app are sent as its contracts say, and a type that these do not have is refused', async () => {
  const schema = z.object({ words: z.int() });
  const blog = defineContracts({
    facts: { CommentAdded: { topic: 'post-events', source: 'posts', version: 3, schema } },
    tasks: { TellAuthor: { queue: 'author.mail', routingKey: 'author.mail.tell', version: 1, schema } },
    ...{ topics: ['post-events'], partitions: 1, groups: { counts: ['post-events'] }, queues: ['author.mail'] },
    personal: {},
  });
  const posts = new UnitOfWork(
    db.dataSource,
    { source: 'posts', contracts: blog, topology: blog.topology('blog') },
    new Wake(),
  );
  await posts.run(cause, (tx) =>
    Promise.resolve(
      tx.emit(blog.fact('CommentAdded', 'p1', { words: 3 }), blog.task('TellAuthor', 'p1', { words: 3 })),
    ),
  );
  const sent = (await rows()).map(({ destination, key, headers }) => [
    destination,
    key.toString(),
    headers['ce_dataversion'],
    headers['ce_sequence'],
  ]);
  expect(sent).toEqual([
    ['blog.post-events', 'p1', '3', '1'],
    ['blog.tasks', 'author.mail.tell', '1', undefined],
  ]);
  const unheard = posts.run(cause, (tx) => Promise.resolve(tx.emit(cancelled())));
  await expect(unheard).rejects.toThrow(new Permanent('OrderCancelled is a fact that no contract knows'));
  expect(await rows()).toHaveLength(2);
});

test('a message that no broker would take is refused where it is made, and by the table itself', async () => {
  const huge = Array.from({ length: 20_000 }, () => ({ sku: 'x'.repeat(60), quantity: 1 }));
  const emitting = unitOfWork.run(cause, (tx) =>
    Promise.resolve(tx.emit(fact('StockReserved', orderId, { orderId, items: huge }))),
  );
  await expect(emitting).rejects.toThrow(Permanent);
  const nameless = unitOfWork.run(cause, (tx) => Promise.resolve(tx.emit(cancelled('a\0b'))));
  await expect(nameless).rejects.toThrow(Permanent);
  const inserting = unitOfWork.run(cause, (tx) =>
    tx.query(
      `INSERT INTO outbox (channel, id, destination, type, headers, payload) VALUES ('kafka', $1, 't', 'T', '{}', $2)`,
      [newId(), Buffer.alloc(900_000)],
    ),
  );
  await expect(inserting).rejects.toThrow('outbox_payload_chk');
});

test('sequence numbers are dense per topic and subject, and in the order of the outbox, whoever writes at once', async () => {
  const subjects = [newId(), newId(), newId()];
  await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      unitOfWork.run(cause, (tx) => {
        // In different orders: the upsert sorts, or two transactions would deadlock.
        const order = index % 2 === 0 ? subjects : subjects.toReversed();
        tx.emit(...order.map(cancelled), cancelled(subjects[0]));
        return Promise.resolve();
      }),
    ),
  );
  const bySubject = Map.groupBy(await rows(), ({ key }) => key.toString());
  for (const [subject, ofSubject] of bySubject) {
    const expected = Array.from({ length: subject === subjects[0] ? 80 : 40 }, (_, index) => String(index + 1));
    expect(ofSubject.map(({ headers }) => headers['ce_sequence'])).toEqual(expected);
  }
});

test('messages of one subject follow each other as their transactions committed, also one that was emitted early', async () => {
  await db.admin.query(`INSERT INTO things VALUES ('the order')`);
  const lock = `SELECT 1 FROM things WHERE id = 'the order' FOR UPDATE`;
  const [first, second] = [cancelled(), cancelled()];
  const locked = Promise.withResolvers<void>();
  const emitted = Promise.withResolvers<void>();
  await Promise.all([
    unitOfWork.run(cause, async (tx) => {
      await tx.query(lock);
      locked.resolve();
      await emitted.promise;
      tx.emit(first);
    }),
    unitOfWork.run(cause, async (tx) => {
      await locked.promise;
      tx.emit(second);
      await tx.query('SELECT 1');
      emitted.resolve();
      await tx.query(lock);
    }),
  ]);
  expect((await rows()).map(({ headers }) => headers['ce_id'])).toEqual([first.id, second.id]);
});
