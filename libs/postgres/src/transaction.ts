import { DeadlineExceeded } from '@cartwheel/primitives';
import type { PoolClient } from 'pg';
import { type DataSource, type EntityManager, QueryFailedError } from 'typeorm';
import type { PostgresQueryRunner } from 'typeorm/driver/postgres/PostgresQueryRunner.js';
import { connected, poolOf } from './data-source.ts';
import { blameOf, DatabaseUnavailable, isReadOnlySession } from './failures.ts';

/** Something that runs SQL. */
export interface Queryable {
  query<Row = Record<string, unknown>>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
}

/** The inside of a transaction: entities and SQL on the same connection. */
export interface Transaction extends Queryable {
  readonly manager: EntityManager;
}

/** Single statements outside a transaction. @throws DatabaseUnavailable when the database is why one failed. */
export function autocommit(dataSource: DataSource): Queryable {
  return {
    async query<Row>(sql: string, parameters: readonly unknown[] = []) {
      try {
        await connected(dataSource);
        return (await poolOf(dataSource).query(sql, [...parameters])).rows as Row[];
      } catch (error) {
        throw blameOf(error) === 'code' ? error : unavailable(error);
      }
    },
  };
}

/**
 * Runs `work` in one READ COMMITTED transaction. TypeORM's own `dataSource.transaction` reports success for one that was
 * rolled back, and puts a broken connection back into the pool.
 *
 * @throws DatabaseUnavailable when the database is why it failed, also when `work` hid that or died of the consequences;
 *   else whatever `work` threw. Callers decide by this whether a failure counts against a message. Of a DeadlineExceeded
 *   nobody knows what still uses the connection: it is closed, and PostgreSQL rolls back.
 */
export async function transaction<T>(dataSource: DataSource, work: (tx: Transaction) => Promise<T>): Promise<T> {
  await connected(dataSource).catch((error: unknown) => {
    throw unavailable(error);
  });
  const runner = dataSource.createQueryRunner() as PostgresQueryRunner;
  const client = (await runner.connect().catch((error: unknown) => {
    throw unavailable(error);
  })) as PoolClient;
  let failure: unknown;
  let over = false;
  const tx = through(runner, async (send) => {
    // The rest of a `Promise.all` that failed may come late: it would run on its own, or in somebody else's transaction.
    if (over) throw new Error('this transaction is over');
    try {
      return await send();
    } catch (error) {
      const cause: unknown = error instanceof QueryFailedError ? error.driverError : error;
      failure ??= cause;
      throw cause;
    }
  });

  let broken = false;
  try {
    // TypeORM has to know: `save()` of an entity would BEGIN and COMMIT by itself, in the middle of this.
    await tx.manager.queryRunner!.startTransaction();
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
    // `release()` would put a broken connection back into the pool.
    await runner['releasePostgresConnection'](broken ? new Error('broken') : undefined);
  }
}

/** Sends one statement. */
type Send = <T>(send: () => Promise<T>) => Promise<T>;

/** The same transaction, in which each statement passes `guard`, whether `query` sends it or an entity's repository. */
export function guarded(tx: Transaction, guard: Send): Transaction {
  return through(tx.manager.queryRunner as PostgresQueryRunner, guard);
}

function through(runner: PostgresQueryRunner, guard: Send): Transaction {
  // Repositories, query builders and savepoints of TypeORM send their SQL through this one method.
  const own = Object.create(runner) as PostgresQueryRunner;
  own.query = (...statement) => guard(() => runner.query(...statement));
  const manager = runner.dataSource.createEntityManager(own);
  Object.defineProperty(own, 'manager', { value: manager });
  return {
    manager,
    async query<Row>(sql: string, parameters: readonly unknown[] = []) {
      // Without `true` an UPDATE … RETURNING would answer [rows, count].
      return (await own.query(sql, [...parameters], true)).records as Row[];
    },
  };
}

function unavailable(cause: unknown): DatabaseUnavailable {
  return new DatabaseUnavailable(cause instanceof Error ? cause.message : 'the database is unavailable', { cause });
}
