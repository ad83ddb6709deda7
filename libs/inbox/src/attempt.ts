import { blameOf, DatabaseUnavailable, guarded, type Queryable, type Transaction } from '@cartwheel/postgres';
import { DeadlineExceeded } from '@cartwheel/primitives';

/** The handlers of one consumer group or one queue, by message type. */
export type Handlers<Context> = {
  has(type: string): boolean;
  handle(type: string, data: unknown, context: Context): Promise<void>;
};

/** What a handler threw: anything, also nothing. `isDoubtful`: chance may be to blame, so once proves nothing. */
export type Thrown = { readonly error: unknown; readonly isDoubtful?: true };

/** How often in a row an `either` of the database is chance. The next time it counts as the code's. */
export const DOUBTS = 3;

/** A statement after one that failed. What failed is the error before. */
const ABORTED = '25P02';

/**
 * Runs `work` so that the transaction survives it: what it did is kept whole, or undone whole and its error returned.
 *
 * Only what `work` is to blame for is returned, or may be (`isDoubtful`). It throws when the connection is lost or a
 * statement of `work` failed by the database's fault, whatever `work` made of that: the transaction is of no use any more,
 * and it counts for nobody. It throws DeadlineExceeded too: what took too long may still use the connection. A handler that
 * hid the error of a statement is to blame for that error. A constraint that waits for COMMIT is checked here: later it
 * would take more with it than this attempt.
 */
export async function underSavepoint(
  tx: Transaction,
  work: (tx: Transaction) => Promise<void>,
): Promise<Thrown | undefined> {
  let firstFailure: unknown;
  let over = false;
  const watched = guarded(tx, async (send) => {
    // The rest of a `Promise.all` that failed may come late, when its effects are undone already.
    if (over) throw new Error('this attempt is over');
    try {
      return await send();
    } catch (error) {
      firstFailure ??= error;
      throw error;
    }
  });
  await tx.query('SAVEPOINT attempt');
  const thrown = await settled(() => work(watched));
  over = true;
  // Fails when a statement failed and nobody said so: what follows would fail in its place.
  const failed = thrown ?? (await settled(() => release(tx)));
  if (failed === undefined) return undefined;
  if (failed.error instanceof DeadlineExceeded) throw failed.error;
  const known = failed.error instanceof DatabaseUnavailable ? failed.error : firstFailure;
  const blame = thrown && known === undefined ? 'code' : blameOf(known ?? failed.error);
  if (blame === 'database') {
    throw known instanceof DatabaseUnavailable
      ? known
      : new DatabaseUnavailable('a statement failed', { cause: known ?? failed.error });
  }
  await tx.query('ROLLBACK TO SAVEPOINT attempt');
  if (blame === 'either') return { error: known ?? failed.error, isDoubtful: true };
  const isAborted = (failed.error as { code?: unknown } | null | undefined)?.code === ABORTED;
  return isAborted && firstFailure !== undefined ? { error: firstFailure } : failed;
}

async function release(tx: Queryable): Promise<void> {
  await tx.query('SET CONSTRAINTS ALL IMMEDIATE');
  await tx.query('RELEASE SAVEPOINT attempt');
}

async function settled(work: () => Promise<unknown>): Promise<Thrown | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return { error };
  }
}
