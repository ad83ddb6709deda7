import { type DataSource, poolOf } from '@cartwheel/postgres';
import { withDeadline } from '@cartwheel/primitives';
import type { Progress } from './progress.ts';

/** What the health endpoints ask. */
export class Liveness {
  /** Set-up is done and was checked. */
  prepared = false;
  stopping = false;
  readonly #dataSource: DataSource;
  readonly #consumers: readonly { readonly alive: boolean }[];
  readonly #progress: Pick<Progress, 'alive'>;

  constructor(
    dataSource: DataSource,
    consumers: readonly { readonly alive: boolean }[],
    progress: Pick<Progress, 'alive'>,
  ) {
    this.#dataSource = dataSource;
    this.#consumers = consumers;
    this.#progress = progress;
  }

  /**
   * A consumer that waits for its broker is alive; one that stopped for good is not, nor is one that has had the same work
   * in hand for too long.
   */
  get consumersAlive(): boolean {
    return !this.prepared || (this.#progress.alive && this.#consumers.every((consumer) => consumer.alive));
  }

  /** Whether the database can be reached and written to. */
  async databaseWritable(): Promise<boolean> {
    return withDeadline('asking the database', 2_000, this.#isWritable()).catch(() => false);
  }

  /**
   * A session that was opened while the database could only be read stays so. It is closed here, until there is one that may
   * write, or one that was just opened and may not.
   */
  async #isWritable(): Promise<boolean> {
    const pool = poolOf(this.#dataSource);
    for (let sessions = pool.idleCount; sessions >= 0; sessions -= 1) {
      const client = await pool.connect();
      let mayWrite = false;
      try {
        const sql = `SELECT current_setting('transaction_read_only') = 'off' AS "mayWrite"`;
        mayWrite = (await client.query<{ mayWrite: boolean }>(sql)).rows[0]!.mayWrite;
      } finally {
        client.release(!mayWrite);
      }
      if (mayWrite) return true;
    }
    return false;
  }
}
