import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createDataSource, transaction } from '@cartwheel/postgres';
import { eventually, tcpProxy, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { idempotencySchema, once } from './idempotent.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase([idempotencySchema]);
});
afterAll(() => db.drop());

test('of twenty requests at once under one key one does the work, and the others are told that it is under way', async () => {
  let worked = 0;
  let finish = () => {};
  const working = new Promise<void>((resolve) => (finish = resolve));
  const send = () =>
    transaction(db.dataSource, (tx) =>
      once(tx, 'k1', { a: 1 }, async () => {
        worked += 1;
        await working;
        return { n: worked };
      }),
    );
  const first = send();
  await eventually(() => expect(worked).toBe(1));
  const others = await Promise.allSettled(Array.from({ length: 19 }, send));
  expect(others.map((other) => other.status === 'rejected' && (other.reason as { code: string }).code)).toEqual(
    Array.from({ length: 19 }, () => 'idempotency-key-in-use'),
  );
  finish();
  await expect(first).resolves.toEqual({ n: 1 });
  await expect(Promise.all(Array.from({ length: 9 }, send))).resolves.toEqual(
    Array.from({ length: 9 }, () => ({ n: 1 })),
  );
});

test('the same key with another request is refused', async () => {
  const send = (body: object) =>
    transaction(db.dataSource, (tx) => once(tx, 'k2', body, () => Promise.resolve('done')));
  await send({ a: 1 });
  await expect(send({ a: 2 })).rejects.toMatchObject({ code: 'idempotency-key-reused', status: 422 });
});

test('an attempt that failed leaves the key free', async () => {
  const failing = transaction(db.dataSource, (tx) => once(tx, 'k3', {}, () => Promise.reject(new Error('no'))));
  await expect(failing).rejects.toThrow('no');
  expect(await transaction(db.dataSource, (tx) => once(tx, 'k3', {}, () => Promise.resolve('done')))).toBe('done');
});

test('a key is forgotten after its lifetime, and then means a new request', async () => {
  const send = (body: object, answer: string) =>
    transaction(db.dataSource, (tx) => once(tx, 'k4', body, () => Promise.resolve(answer)));
  const age = (hours: number) =>
    db.pool.query(`UPDATE idempotency_keys SET created_at = now() - $1 * interval '1 hour' WHERE key = 'k4'`, [hours]);
  await send({ a: 1 }, 'first');
  await age(23.9);
  expect(await send({ a: 1 }, 'second')).toBe('first');
  await age(24);
  expect(await send({ a: 2 }, 'second')).toBe('second');
  expect(await send({ a: 2 }, 'third')).toBe('second');
});

test('new keys take expired ones away', async () => {
  await db.pool.query(
    `INSERT INTO idempotency_keys SELECT 'old' || n, '', '1', now() - interval '25 hours' FROM generate_series(1, 25) n`,
  );
  for (const key of ['n1', 'n2', 'n3'])
    await transaction(db.dataSource, (tx) => once(tx, key, {}, () => Promise.resolve(1)));
  const { rows } = await db.pool.query(`SELECT FROM idempotency_keys WHERE key LIKE 'old%'`);
  expect(rows).toHaveLength(0);
});

test('whoever lost the answer to a COMMIT gets it by asking again', async () => {
  const proxy = await tcpProxy(db.url);
  const dataSource = createDataSource(proxy.url, { name: 'test' });
  let worked = 0;
  const work = () => Promise.resolve({ n: (worked += 1) });
  const lost = transaction(dataSource, async (tx) => {
    await once(tx, 'k5', {}, work);
    proxy.set('held');
  });
  const cut = eventually(async () => {
    expect(await db.admin.query(`SELECT 1 FROM idempotency_keys WHERE key = 'k5'`)).toHaveLength(1);
    proxy.cut();
    proxy.set('open');
  });
  await Promise.all([expect(lost).rejects.toThrow(), cut]);
  const again = await transaction(db.dataSource, (tx) => once(tx, 'k5', {}, work));
  expect(again).toEqual({ n: 1 });
  expect(worked).toBe(1);
  await dataSource.destroy();
  await proxy.stop();
});
