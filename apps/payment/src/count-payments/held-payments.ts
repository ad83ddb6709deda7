import { attributes, metrics } from '@cartwheel/observability';
import type { Sample } from '@cartwheel/service';

/** The payments that hold money or are about to, by state; a state that no payment is in has 0 of them. */
export const heldPayments: Sample = {
  gauges: [metrics.heldPayments, metrics.heldPaymentsOldestAge],
  async read(database) {
    const rows = await database.query<{ state: string; n: number; age_s: number }>(
      `SELECT wanted.state, count(payments.payment_id)::int AS n,
         coalesce(extract(epoch FROM now() - min(created_at))::float8, 0) AS age_s
       FROM (VALUES ('authorizing'), ('authorized'), ('capturing'), ('voiding')) AS wanted(state)
       LEFT JOIN payments ON payments.state = wanted.state
         AND payments.state IN ('authorizing', 'authorized', 'capturing', 'voiding')
       GROUP BY wanted.state`,
    );
    return rows.flatMap(({ state, n, age_s }) => {
      const of = { [attributes.state]: state };
      return [
        { metric: metrics.heldPayments, value: n, attributes: of },
        { metric: metrics.heldPaymentsOldestAge, value: age_s, attributes: of },
      ];
    });
  },
};
