import type { Queryable, Schema } from '@cartwheel/postgres';
import { DomainError } from '@cartwheel/primitives';
import { createHash } from 'node:crypto';

export const idempotencySchema: Schema = {
  name: 'idempotency',
  versions: [
    `
    CREATE TABLE idempotency_keys (
      key text, request_hash bytea NOT NULL, response jsonb, created_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT idempotency_keys_pk PRIMARY KEY (key)
    );`,
  ],
  grants: { idempotency_keys: 'SELECT, INSERT, UPDATE' },
};

/**
 * Runs `work` once per key and answers every repeat with the first answer. The key is inserted in the transaction that
 * does the work: a concurrent repeat waits on it, and a failed attempt leaves no key behind.
 *
 * @throws DomainError idempotency-key-reused when the key came with another request before
 */
export async function once<T>(tx: Queryable, key: string, request: unknown, work: () => Promise<T>): Promise<T> {
  const hash = createHash('sha256').update(JSON.stringify(request)).digest();
  const inserted = await tx.query(
    'INSERT INTO idempotency_keys (key, request_hash) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING key',
    [key, hash],
  );
  if (inserted.length === 0) {
    const [stored] = await tx.query<{ request_hash: Buffer; response: T }>(
      'SELECT request_hash, response FROM idempotency_keys WHERE key = $1',
      [key],
    );
    if (!stored?.request_hash.equals(hash)) {
      throw new DomainError('idempotency-key-reused', 'This Idempotency-Key came with another request before.', 422);
    }
    return stored.response;
  }
  const response = await work();
  await tx.query('UPDATE idempotency_keys SET response = $2 WHERE key = $1', [key, JSON.stringify(response)]);
  return response;
}
