import { DeadlineExceeded } from '@cartwheel/primitives';

/** A deadline that stands still while it is not the worker that is waited for. */
export class Deadline {
  readonly #what: string;
  readonly #ms: number;
  readonly #expired = Promise.withResolvers<never>();
  #timer: NodeJS.Timeout | undefined;
  #paused = 0;
  isOver = false;

  constructor(what: string, ms: number) {
    this.#what = what;
    this.#ms = ms;
    this.#expired.promise.catch(() => undefined);
  }

  /** Waits for `work`. @throws DeadlineExceeded when it has done nothing else for too long */
  async over<T>(work: Promise<T>): Promise<T> {
    this.#restart();
    try {
      return await Promise.race([work, this.#expired.promise]);
    } finally {
      this.isOver = true;
      clearTimeout(this.#timer);
    }
  }

  /** Time that passes in here is not the worker's. */
  async pause<T>(work: () => Promise<T>): Promise<T> {
    clearTimeout(this.#timer);
    this.#paused += 1;
    try {
      return await work();
    } finally {
      this.#paused -= 1;
      if (this.#paused === 0 && !this.isOver) this.#restart();
    }
  }

  #restart(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.isOver = true;
      this.#expired.reject(new DeadlineExceeded(`${this.#what} took longer than ${this.#ms} ms`));
    }, this.#ms);
  }
}
