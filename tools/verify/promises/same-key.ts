import type { Evidence } from '../evidence.ts';
import { firstOccurrences } from '../log.ts';
import { judge, type Verdict } from '../verdict.ts';

/**
 * 9. What was answered with 2xx is there; the same Idempotency-Key means the same order. Keys are not shown: clients make
 * them. A key has one answer: of two orders under one key, one is nobody's answer. Keys are forgotten after 24 hours, so only
 * younger orders are asked for theirs.
 */
export function sameKeySameOrder(evidence: Evidence): Verdict {
  const { answers, orders } = evidence;
  const known = new Map(orders.map(({ orderId, state }) => [orderId, state]));
  const empty = answers.filter(({ orderId }) => orderId === null);
  const answered = answers.flatMap(({ orderId, totalMinor }) => (orderId === null ? [] : [{ orderId, totalMinor }]));
  const keysOf = Map.groupBy(answered, ({ orderId }) => orderId);
  const wrong = [
    ...(empty.length > 0 ? [`${empty.length} keys without an answer`] : []),
    ...[...keysOf]
      .filter(([, keys]) => keys.length > 1)
      .map(([orderId, keys]) => `order ${orderId}: the answer to ${keys.length} keys`),
    ...orders
      .filter(({ orderId, recent }) => recent && !keysOf.has(orderId))
      .map(({ orderId }) => `order ${orderId}: the answer to no key, as a second order under one key is`),
    ...requests(evidence),
    ...answered.flatMap(({ orderId, totalMinor }) => {
      const order = known.get(orderId);
      if (!order) return [`order ${orderId}: answered with 2xx, and is not there`];
      return order.total?.amountMinor === totalMinor ? [] : [`order ${orderId}: answered with another total`];
    }),
  ];
  return judge(9, 'same key, same order', `${answers.length} keys, ${orders.length} orders`, { wrong });
}

/** One request places one order. */
function requests(evidence: Evidence): string[] {
  const placed = [...firstOccurrences(evidence).values()].filter(({ type }) => type === 'OrderPlaced');
  return [...Map.groupBy(placed, ({ causationId }) => causationId).values()]
    .filter((same) => same.length > 1)
    .map((same) => `orders ${same.map(({ subject }) => subject).join(' and ')}: placed by one request`);
}
