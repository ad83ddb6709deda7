import { DatabaseUnavailable, isDatabaseFailure, type Queryable } from '@cartwheel/postgres';

/** The handlers of one consumer group or one queue, by message type. */
export type Handlers<Context> = {
  has(type: string): boolean;
  handle(type: string, data: unknown, context: Context): Promise<void>;
};

/** What a handler threw: anything, also nothing. */
export type Thrown = { readonly error: unknown };

/** How a handler is run: `work` throws, or it is told what `work` threw. */
export type Run = (tx: Queryable, work: (tx: Queryable) => Promise<void>) => Promise<Thrown | undefined>;

/** Whatever fails takes the whole transaction with it. */
export const bare: Run = async (tx, work) => {
  await work(tx);
  return undefined;
};

/** A statement after one that failed. What failed is the error before. */
const ABORTED = '25P02';

/**
 * Runs `work` so that the transaction survives it: what it did is kept whole, or undone whole and its error returned.
 *
 * Only what `work` is to blame for is returned. It throws when the connection is lost or a statement of `work` failed by the
 * database's fault, whatever `work` made of that: the transaction is of no use any more, and it counts for nobody. A
 * handler that hid the error of a statement is to blame for that error.
 */
export const underSavepoint: Run = async (tx, work) => {
  let firstFailure: unknown;
  let over = false;
  const watched: Queryable = {
    async query<Row>(sql: string, parameters?: readonly unknown[]) {
      // The rest of a `Promise.all` that failed may come late, when its effects are undone already.
      if (over) throw new Error('this attempt is over');
      try {
        return await tx.query<Row>(sql, parameters);
      } catch (error) {
        firstFailure ??= error;
        throw error;
      }
    },
  };
  await tx.query('SAVEPOINT attempt');
  const thrown = await settled(() => work(watched));
  over = true;
  // Fails when a statement failed and nobody said so: what follows would fail in its place.
  const failed = thrown ?? (await settled(() => tx.query('RELEASE SAVEPOINT attempt')));
  if (failed === undefined) return undefined;
  if (failed.error instanceof DatabaseUnavailable) throw failed.error;
  if (isDatabaseFailure(firstFailure)) throw new DatabaseUnavailable('a statement failed', { cause: firstFailure });
  await tx.query('ROLLBACK TO SAVEPOINT attempt');
  const isAborted = (failed.error as { code?: unknown } | null | undefined)?.code === ABORTED;
  return isAborted && firstFailure !== undefined ? { error: firstFailure } : failed;
};

async function settled(work: () => Promise<unknown>): Promise<Thrown | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return { error };
  }
}
