import { metrics } from '@cartwheel/observability';
import type { Sample } from '@cartwheel/service';
import { countGaps } from './gaps.ts';

/** The orders and products of which a fact is missing. Which they are stands in the log, and in `GET /gaps`. */
export const factGaps: Sample = {
  gauges: [metrics.factGaps, metrics.factGapsOldestAge],
  async read(database) {
    const { gaps, oldestAgeS } = await countGaps(database);
    return [
      { metric: metrics.factGaps, value: gaps },
      { metric: metrics.factGapsOldestAge, value: oldestAgeS },
    ];
  },
};
