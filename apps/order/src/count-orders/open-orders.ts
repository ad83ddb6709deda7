import { attributes, metrics } from '@cartwheel/observability';
import type { Sample } from '@cartwheel/service';

/** The orders that have not ended, by state; a state that no order is in has 0 of them. */
export const openOrders: Sample = {
  gauges: [metrics.openOrders, metrics.openOrdersOldestAge],
  async read(database) {
    const rows = await database.query<{ status: string; n: number; age_s: number }>(
      `SELECT wanted.status, count(orders.order_id)::int AS n,
         coalesce(extract(epoch FROM now() - min(
           CASE WHEN orders.status = 'refunding' THEN updated_at ELSE placed_at END))::float8, 0) AS age_s
       FROM (VALUES ('placed'), ('confirmed'), ('refunding')) AS wanted(status)
       LEFT JOIN orders ON orders.status = wanted.status AND orders.status IN ('placed', 'confirmed', 'refunding')
       GROUP BY wanted.status`,
    );
    return rows.flatMap(({ status, n, age_s }) => {
      const of = { [attributes.state]: status };
      return [
        { metric: metrics.openOrders, value: n, attributes: of },
        { metric: metrics.openOrdersOldestAge, value: age_s, attributes: of },
      ];
    });
  },
};
