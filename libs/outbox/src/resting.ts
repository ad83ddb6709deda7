import { backoff } from '@cartwheel/primitives';

/** Destinations that their broker refuses as a whole, and until when each is left alone: longer each time, 5 s at most. */
export class Resting {
  readonly #places = new Map<string, { attempts: number; until: number }>();

  /** Refused once more. Returns how often in a row that is now. */
  rest(destination: string): number {
    const attempts = (this.#places.get(destination)?.attempts ?? 0) + 1;
    this.#places.set(destination, {
      attempts,
      until: performance.now() + backoff(attempts, { baseMs: 200, maxMs: 5_000 }),
    });
    return attempts;
  }

  /** It took something. */
  end(destination: string): void {
    this.#places.delete(destination);
  }

  /** Those that are to be left alone now. */
  now(): string[] {
    return [...this.#places].filter(([, { until }]) => until > performance.now()).map(([destination]) => destination);
  }

  /** Nothing waits for any of them. */
  clear(): void {
    this.#places.clear();
  }

  /** In how many ms the first of them is to be tried again; none rests: Infinity. */
  get endsInMs(): number {
    return Math.min(...[...this.#places.values()].map(({ until }) => until - performance.now()));
  }
}
