import type { Queryable, Schema } from '@cartwheel/postgres';
import { DomainError } from '@cartwheel/primitives';
import { createHash } from 'node:crypto';
import { CreateIdempotencyKeys1767225630000 } from './migrations/1767225630000-create-idempotency-keys.ts';
import { IndexIdempotencyKeysByAge1767225631000 } from './migrations/1767225631000-index-idempotency-keys-by-age.ts';

export const idempotencySchema: Schema = {
  name: 'idempotency',
  migrations: [CreateIdempotencyKeys1767225630000, IndexIdempotencyKeysByAge1767225631000],
  grants: { idempotency_keys: 'SELECT, INSERT, UPDATE, DELETE' },
};

/** As long as Stripe keeps them. After that a key means a new request. */
const LIFETIME = `interval '24 hours'`;

/**
 * Runs `work` once per key and answers every repeat with the first answer, for 24 hours. The key is inserted in the
 * transaction that does the work: a failed attempt leaves no key behind, and may be repeated.
 *
 * @throws DomainError idempotency-key-in-use while the first request with this key is under way,
 *   idempotency-key-reused when the key came with another request before
 */
export async function once<T>(tx: Queryable, key: string, request: unknown, work: () => Promise<T>): Promise<T> {
  const hash = createHash('sha256').update(JSON.stringify(request)).digest();
  if (!(await isFirst(tx, key, hash))) {
    const stored = await storedAnswer<T>(tx, key, hash);
    if (stored) return stored.response;
    throw new DomainError(
      'idempotency-key-in-use',
      'A request with this Idempotency-Key is under way. Ask again.',
      409,
    );
  }
  await forgetExpired(tx);
  const response = await work();
  await tx.query('UPDATE idempotency_keys SET response = $2 WHERE key = $1', [key, JSON.stringify(response)]);
  return response;
}

/** The lock is held until this transaction ends. Without it a repeat would wait at the INSERT for as long as the work takes. */
async function isFirst(tx: Queryable, key: string, hash: Buffer): Promise<boolean> {
  const [lock] = await tx.query<{ taken: boolean }>(
    'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS taken',
    [`idempotency-key ${key}`],
  );
  if (!lock!.taken) return false;
  const inserted = await tx.query(
    `INSERT INTO idempotency_keys AS k (key, request_hash) VALUES ($1, $2)
     ON CONFLICT (key) DO UPDATE SET request_hash = excluded.request_hash, response = NULL, created_at = now()
     WHERE k.created_at <= now() - ${LIFETIME}
     RETURNING key`,
    [key, hash],
  );
  return inserted.length > 0;
}

async function storedAnswer<T>(tx: Queryable, key: string, hash: Buffer): Promise<{ response: T } | undefined> {
  const [stored] = await tx.query<{ request_hash: Buffer; response: T }>(
    `SELECT request_hash, response FROM idempotency_keys WHERE key = $1 AND created_at > now() - ${LIFETIME}`,
    [key],
  );
  if (stored && !stored.request_hash.equals(hash)) {
    throw new DomainError('idempotency-key-reused', 'This Idempotency-Key came with another request before.', 422);
  }
  return stored;
}

/** Each new key takes some expired ones away: the table stays bounded without a clock of its own. */
async function forgetExpired(tx: Queryable): Promise<void> {
  await tx.query(
    `DELETE FROM idempotency_keys WHERE key IN (
       SELECT key FROM idempotency_keys WHERE created_at <= now() - ${LIFETIME} ORDER BY created_at LIMIT 10
       FOR UPDATE SKIP LOCKED)`,
  );
}
