/** Tells the relays of this process that something was committed. A shortcut only: correctness rests on their poll. */
export class Wake {
  readonly #sleepers = new Set<() => void>();

  ring(): void {
    for (const wakeUp of this.#sleepers) wakeUp();
  }

  /** Calls `listener` at every ring. Returns how to stop. */
  onRing(listener: () => void): () => void {
    this.#sleepers.add(listener);
    return () => this.#sleepers.delete(listener);
  }
}
