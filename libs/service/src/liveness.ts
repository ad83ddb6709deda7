import type { Pool } from '@cartwheel/postgres';
import { withDeadline } from '@cartwheel/primitives';

/** What the health endpoints ask. */
export class Liveness {
  /** Set-up is done and was checked. */
  prepared = false;
  stopping = false;
  readonly #pool: Pool;
  readonly #consumers: readonly { readonly alive: boolean }[];

  constructor(pool: Pool, consumers: readonly { readonly alive: boolean }[]) {
    this.#pool = pool;
    this.#consumers = consumers;
  }

  /** A consumer that waits for its broker is alive; one that stopped for good is not. */
  get consumersAlive(): boolean {
    return !this.prepared || this.#consumers.every((consumer) => consumer.alive);
  }

  async databaseReachable(): Promise<boolean> {
    return withDeadline('SELECT 1', 2_000, this.#pool.query('SELECT 1')).then(
      () => true,
      () => false,
    );
  }
}
