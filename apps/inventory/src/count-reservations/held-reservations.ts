import { metrics } from '@cartwheel/observability';
import type { Sample } from '@cartwheel/service';

/** The orders that stock is reserved for. */
export const heldReservations: Sample = {
  gauges: [metrics.reservations, metrics.reservationsOldestAge],
  async read(database) {
    const [held] = await database.query<{ n: number; age_s: number }>(
      `SELECT count(DISTINCT order_id)::int AS n, coalesce(extract(epoch FROM now() - min(updated_at))::float8, 0) AS age_s
       FROM reservations WHERE state = 'reserved'`,
    );
    return [
      { metric: metrics.reservations, value: held!.n },
      { metric: metrics.reservationsOldestAge, value: held!.age_s },
    ];
  },
};
