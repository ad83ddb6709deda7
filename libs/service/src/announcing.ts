import { ANNOUNCE_EVERY_MS } from '@cartwheel/inbox';
import { delay } from '@cartwheel/primitives';

export type AnnouncingOptions = {
  /** Writes down what this instance handles. */
  readonly announce: () => Promise<void>;
  readonly onError: (error: unknown) => void;
};

/** Says again and again what a consumer of this instance handles, so that older instances leave it to this one. */
export class Announcing {
  readonly #options: AnnouncingOptions;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;
  #announced = false;

  constructor(options: AnnouncingOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  /** Nothing is consumed before it is said. @throws DatabaseUnavailable */
  async ready(): Promise<void> {
    if (!this.#announced) await this.#announce();
  }

  async #announce(): Promise<void> {
    await this.#options.announce();
    this.#announced = true;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#announce().catch((error: unknown) => this.#options.onError(error));
      await delay(ANNOUNCE_EVERY_MS, signal);
    }
  }
}
