import type { Pool } from './pool.ts';
import { DeadlineExceeded } from '@cartwheel/primitives';
import { blameOf, DatabaseUnavailable, isReadOnlySession } from './failures.ts';

/** Something that runs SQL: the inside of a transaction. */
export interface Queryable {
  query<Row = Record<string, unknown>>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
}

/** Single statements outside a transaction. @throws DatabaseUnavailable when the database is why one failed. */
export function autocommit(pool: Pool): Queryable {
  return {
    async query<Row>(sql: string, parameters: readonly unknown[] = []) {
      try {
        return (await pool.query(sql, [...parameters])).rows as Row[];
      } catch (error) {
        throw blameOf(error) === 'code' ? error : unavailable(error);
      }
    },
  };
}

/**
 * Runs `work` in one READ COMMITTED transaction.
 *
 * @throws DatabaseUnavailable when the database is why it failed, also when `work` hid that or died of the consequences;
 *   else whatever `work` threw. Callers decide by this whether a failure counts against a message. Of a DeadlineExceeded
 *   nobody knows what still uses the connection: it is closed, and PostgreSQL rolls back.
 */
export async function transaction<T>(pool: Pool, work: (tx: Queryable) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw unavailable(error);
  });
  let failure: unknown;
  let over = false;
  const tx: Queryable = {
    async query<Row>(sql: string, parameters: readonly unknown[] = []) {
      // The rest of a `Promise.all` that failed may come late: it would run on its own, or in somebody else's transaction.
      if (over) throw new Error('this transaction is over');
      try {
        return (await client.query(sql, [...parameters])).rows as Row[];
      } catch (error) {
        failure ??= error;
        throw error;
      }
    },
  };

  let broken = false;
  try {
    await tx.query('BEGIN');
    const result = await work(tx);
    over = true;
    const { command } = await client.query('COMMIT').catch((error: unknown) => {
      failure ??= error;
      throw error;
    });
    // A transaction that failed inside and was "committed" anyway is answered with the tag ROLLBACK, not with an error.
    if (command !== 'COMMIT') throw new Error('a statement failed, and COMMIT rolled back', { cause: failure });
    return result;
  } catch (error) {
    over = true;
    broken = error instanceof DeadlineExceeded;
    if (broken) throw error;
    await client.query('ROLLBACK').catch(() => (broken = true));
    if (broken) throw unavailable(error);
    broken = isReadOnlySession(failure);
    if (blameOf(failure) !== 'code') throw unavailable(failure);
    throw error;
  } finally {
    client.release(broken);
  }
}

function unavailable(cause: unknown): DatabaseUnavailable {
  return new DatabaseUnavailable(cause instanceof Error ? cause.message : 'the database is unavailable', { cause });
}
