import { consumerOf } from '@cartwheel/contracts';
import { delay } from '@cartwheel/primitives';
import type { ConsumerDescription } from './consumers.ts';

type Running = { stop(): Promise<unknown> };

export type ChangingConsumersOptions = {
  /** All that should run now. */
  readonly wanted: () => Promise<readonly ConsumerDescription[]>;
  readonly start: (description: ConsumerDescription) => Promise<Running>;
  /** It is asked again a second later, and what runs goes on. */
  readonly onError: (error: unknown) => void;
};

const POLL_MS = 1_000;

/**
 * Consumers that come and go while a service runs: a rebuild's, and those that it replaces. Whoever decides writes it to the
 * database, and every instance of the service follows. That one follows late does no harm here: what a consumer may still
 * write is decided in its own transactions.
 */
export class ChangingConsumers {
  readonly #options: ChangingConsumersOptions;
  readonly #running = new Map<string, Running>();
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(options: ChangingConsumersOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Returns when no consumer will be started any more, and all are stopped. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await Promise.all([...this.#running.values()].map((consumer) => consumer.stop()));
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#follow().catch((error: unknown) => this.#options.onError(error));
      await delay(POLL_MS, signal);
    }
  }

  async #follow(): Promise<void> {
    const { wanted, start } = this.#options;
    const descriptions = (await wanted()).map((one) => [consumerOf(one.group, one.generation), one] as const);
    const names = new Set(descriptions.map(([name]) => name));
    for (const [name, consumer] of this.#running) {
      if (names.has(name)) continue;
      this.#running.delete(name);
      await consumer.stop();
    }
    for (const [name, description] of descriptions) {
      if (!this.#running.has(name) && !this.#stopping.signal.aborted) this.#running.set(name, await start(description));
    }
  }
}
