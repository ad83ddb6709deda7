import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { transaction } from '@cartwheel/postgres';
import { testDatabase, type TestDatabase } from '@cartwheel/testing';
import { idempotencySchema, once } from './idempotent.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase([idempotencySchema]);
});
afterAll(() => db.drop());

test('twenty requests at once under one key do the work once, and all get its answer', async () => {
  let worked = 0;
  const answers = await Promise.all(
    Array.from({ length: 20 }, () =>
      transaction(db.pool, (tx) => once(tx, 'k1', { a: 1 }, () => Promise.resolve({ n: (worked += 1) }))),
    ),
  );
  expect(worked).toBe(1);
  expect(answers).toEqual(Array.from({ length: 20 }, () => ({ n: 1 })));
});

test('the same key with another request is refused', async () => {
  const send = (body: object) => transaction(db.pool, (tx) => once(tx, 'k2', body, () => Promise.resolve('done')));
  await send({ a: 1 });
  await expect(send({ a: 2 })).rejects.toMatchObject({ code: 'idempotency-key-reused', status: 422 });
});

test('an attempt that failed leaves the key free', async () => {
  const failing = transaction(db.pool, (tx) => once(tx, 'k3', {}, () => Promise.reject(new Error('no'))));
  await expect(failing).rejects.toThrow('no');
  expect(await transaction(db.pool, (tx) => once(tx, 'k3', {}, () => Promise.resolve('done')))).toBe('done');
});
