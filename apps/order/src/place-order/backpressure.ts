import { oldestAgeMs } from '@cartwheel/outbox';
import type { Queryable } from '@cartwheel/postgres';
import { DomainError } from '@cartwheel/primitives';

const LOOK_EVERY_MS = 1_000;

/**
 * Refuses orders that nobody would hear of for a long time. A broker may be away, that is what an outbox is for: only when
 * the oldest message has waited longer than `maxAgeMs` it is better to say so than to take more.
 */
export class Backpressure {
  readonly #maxAgeMs: number;
  #ageMs = 0;
  #lookedAt = -Infinity;

  constructor(maxAgeMs: number) {
    this.#maxAgeMs = maxAgeMs;
  }

  /**
   * Looks once a second, and not in between. A transaction of its own would need a second connection while this one is
   * held, and when all are held nobody would get one.
   * @throws DomainError outbox-too-old
   */
  async admit(tx: Queryable): Promise<void> {
    if (performance.now() - this.#lookedAt >= LOOK_EVERY_MS) {
      this.#ageMs = await oldestAgeMs(tx);
      this.#lookedAt = performance.now();
    }
    if (this.#ageMs <= this.#maxAgeMs) return;
    throw new DomainError(
      'outbox-too-old',
      'Orders cannot be passed on at the moment. Try again later; under the same Idempotency-Key that is safe.',
      503,
    );
  }
}
