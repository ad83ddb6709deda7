import type { Evidence } from '../evidence.ts';
import { judge, type Verdict } from '../verdict.ts';

/** 9. What was answered with 2xx is there; the same Idempotency-Key means the same order. Keys are not shown: clients make them. */
export function sameKeySameOrder({ answers, orders }: Evidence): Verdict {
  const known = new Map(orders.map(({ orderId, state }) => [orderId, state]));
  const empty = answers.filter(({ orderId }) => orderId === null);
  const answered = answers.flatMap(({ orderId, totalMinor }) => (orderId === null ? [] : [{ orderId, totalMinor }]));
  const offenders = [
    ...(empty.length > 0 ? [`${empty.length} keys without an answer`] : []),
    ...[...Map.groupBy(answered, ({ orderId }) => orderId)]
      .filter(([, keys]) => keys.length > 1)
      .map(([orderId, keys]) => `order ${orderId}: the answer to ${keys.length} keys`),
    ...answered.flatMap(({ orderId, totalMinor }) => {
      const order = known.get(orderId);
      if (!order) return [`order ${orderId}: answered with 2xx, and is not there`];
      return order.total?.amountMinor === totalMinor ? [] : [`order ${orderId}: answered with another total`];
    }),
  ];
  return judge(9, 'same key, same order', `${answers.length} keys, ${orders.length} orders`, offenders);
}
