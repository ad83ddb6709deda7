import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Queryable } from '@cartwheel/postgres';
import { delay, describeError } from '@cartwheel/primitives';
import { DATABASE } from '@cartwheel/service';
import { findGaps, type Gap, missingNumbers } from './gaps.ts';

const LOOKS_EVERY_MS = 15_000;

/** Writes into the log which facts are missing, each gap once, and when it is filled. */
@Injectable()
export class WatchGaps implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopping = new AbortController();
  private readonly logger = new Logger('gaps');
  private readonly known = new Map<string, Gap>();
  private loop: Promise<void> | undefined;

  constructor(@Inject(DATABASE) private readonly database: Queryable) {}

  onApplicationBootstrap() {
    this.loop = this.run();
  }

  async onModuleDestroy() {
    this.stopping.abort();
    await this.loop;
  }

  private async run() {
    while (!this.stopping.signal.aborted) {
      await delay(LOOKS_EVERY_MS, this.stopping.signal);
      if (this.stopping.signal.aborted) return;
      await this.runOnce().catch((error: unknown) => this.logger.warn({ ...describeError(error) }));
    }
  }

  async runOnce() {
    const now = new Map((await findGaps(this.database)).map((gap) => [`${gap.topic} ${gap.subject}`, gap]));
    for (const [place, gap] of now) {
      if (this.known.has(place)) continue;
      this.logger.error({ msg: 'facts are missing', ...gap, missing: await missingNumbers(this.database, gap) });
      this.known.set(place, gap);
    }
    for (const [place, { topic, subject }] of this.known) {
      if (now.has(place)) continue;
      this.logger.warn({ msg: 'facts are not missing any more', topic, subject });
      this.known.delete(place);
    }
  }
}
