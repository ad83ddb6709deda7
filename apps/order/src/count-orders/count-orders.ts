import { cancellationReasons, type FactData, type FactType } from '@cartwheel/contracts';
import { attributes, count, metrics, took } from '@cartwheel/observability';
import { timeOfId } from '@cartwheel/primitives';
import type { OnPublished } from '@cartwheel/service';

const ways = ['completed', 'refunded', ...cancellationReasons];

/** Every way to end with 0, at the start: Prometheus sees a counter grow, and not that it begins with 1. */
export function beginCounting(): void {
  for (const outcome of ways) count(metrics.ordersEnded, { [attributes.outcome]: outcome }, 0);
}

/**
 * The business in figures, from what the order announces: what was rolled back is not counted, and an instance that does
 * not lead counts nothing. A fact that the relay sends twice is counted twice; analytics has the exact figures.
 */
export const countOrders: OnPublished = ({ type, headers, payload }) => {
  const dataOf = <T extends FactType>(_: T) => JSON.parse(String(payload)) as FactData<T>;
  switch (type) {
    case 'OrderPlaced':
      return count(metrics.ordersPlaced, {});
    case 'OrderCompleted': {
      const { orderId, total } = dataOf(type);
      count(metrics.ordersEnded, { [attributes.outcome]: 'completed' });
      count(metrics.revenue, { [attributes.currency]: total.currency }, total.amountMinor);
      // An order's id holds when it was placed.
      const tookMs = Date.parse(String(headers['ce_time'])) - timeOfId(orderId);
      return took(metrics.completionDuration, Math.max(0, tookMs) / 1_000, {});
    }
    case 'OrderCancelled':
      return count(metrics.ordersEnded, { [attributes.outcome]: dataOf(type).reason });
    case 'OrderRefunded': {
      const { amount } = dataOf(type);
      count(metrics.ordersEnded, { [attributes.outcome]: 'refunded' });
      return count(metrics.refunded, { [attributes.currency]: amount.currency }, amount.amountMinor);
    }
  }
};
