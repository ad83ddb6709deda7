/**
 * Whether whoever has work in hand gets on with it. A loop that turns makes progress, also one that only finds out again and
 * again that a broker or a database is away; a handler that never settles makes none.
 */
export class Progress {
  readonly #limitMs: number;
  /** When each piece of work in hand last moved. */
  readonly #moved = new Map<symbol, number>();

  /** After `limitMs` without a move, what is in hand is stuck. */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** Does a piece of work, which says when it moves. */
  async during<T>(work: (moved: () => void) => Promise<T>): Promise<T> {
    const piece = Symbol('work in hand');
    const moved = () => void this.#moved.set(piece, performance.now());
    moved();
    try {
      return await work(moved);
    } finally {
      this.#moved.delete(piece);
    }
  }

  get alive(): boolean {
    const now = performance.now();
    return [...this.#moved.values()].every((at) => now - at <= this.#limitMs);
  }
}
