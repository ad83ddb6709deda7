import { DatabaseUnavailable, type Queryable } from '@cartwheel/postgres';
import { DeadlineExceeded } from '@cartwheel/primitives';

/**
 * Records that `consumer` takes these messages, and returns the ids that nobody had taken before. A concurrent duplicate
 * waits here for the other's COMMIT: this insert is the lock. Sorted, because two unsorted chunks deadlock.
 */
export async function claim(tx: Queryable, consumer: string, ids: readonly string[]): Promise<Set<string>> {
  const rows = await tx.query<{ event_id: string }>(
    `INSERT INTO processed_events (consumer, event_id)
     SELECT $1, id FROM unnest($2::uuid[]) AS id ORDER BY id
     ON CONFLICT DO NOTHING RETURNING event_id`,
    [consumer, ids],
  );
  return new Set(rows.map((row) => row.event_id));
}

/** Makes every failure of a statement that no handler wrote one of the database's: repeated, and nobody's attempt. */
export async function blameDatabase<T>(statement: Promise<T>): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    if (error instanceof DatabaseUnavailable || error instanceof DeadlineExceeded) throw error;
    throw new DatabaseUnavailable(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
