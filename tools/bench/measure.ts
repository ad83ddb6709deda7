/** What a run in a process of its own came to. */
export type Measured = {
  readonly messages: number;
  readonly seconds: number;
  /** Of this process, not of the engines. */
  readonly cpuSeconds: number;
  /** The most memory that the process ever had, and the most that was alive or not yet collected on its heap, in MB. */
  readonly peakRssMb: number;
  readonly peakHeapMb: number;
};

const MB = 1_000_000;
const WARM_UP = 0.1;

/** Counts messages and measures from the first tenth to the last: joining a group and a cold compiler are not counted. */
export class Meter {
  readonly #total: number;
  readonly #done = Promise.withResolvers<void>();
  #count = 0;
  #from = { count: 0, at: performance.now(), cpu: process.cpuUsage() };
  #until = { at: 0, cpuMicros: 0 };
  #peakHeap = 0;
  readonly #sampling = setInterval(() => this.#sample(), 20);

  constructor(total: number) {
    this.#total = total;
  }

  add(count: number): void {
    const before = this.#count;
    this.#count += count;
    const warm = this.#total * WARM_UP;
    if (before < warm && this.#count >= warm)
      this.#from = { count: this.#count, at: performance.now(), cpu: process.cpuUsage() };
    if (before < this.#total && this.#count >= this.#total) {
      const { user, system } = process.cpuUsage(this.#from.cpu);
      this.#until = { at: performance.now(), cpuMicros: user + system };
      this.#done.resolve();
    }
  }

  /** Whether all are counted. */
  get full(): boolean {
    return this.#count >= this.#total;
  }

  /** Waits until all are counted. */
  async finish(): Promise<Measured> {
    await this.#done.promise;
    this.#sample();
    clearInterval(this.#sampling);
    return {
      messages: this.#count - this.#from.count,
      seconds: (this.#until.at - this.#from.at) / 1_000,
      cpuSeconds: this.#until.cpuMicros / MB,
      peakRssMb: (process.resourceUsage().maxRSS * 1_024) / MB,
      peakHeapMb: this.#peakHeap / MB,
    };
  }

  #sample(): void {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    this.#peakHeap = Math.max(this.#peakHeap, heapUsed + arrayBuffers);
  }
}
