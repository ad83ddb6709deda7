import { givenUpByBroker, openDeadLetters, ordersWithDeadLetter } from '../dead-letters.ts';
import type { Evidence, LedgerEntry } from '../evidence.ts';
import { judge, type Verdict } from '../verdict.ts';

/** 7. Every order ends; what cannot end by itself has an open dead letter and is listed. */
export function everyOrderEnds(evidence: Evidence): Verdict {
  const excused = ordersWithDeadLetter(evidence, 'checkout');
  const open = evidence.orders.filter(({ status }) => !['completed', 'cancelled', 'refunded'].includes(status));
  const dead = new Set([...openDeadLetters(evidence), ...givenUpByBroker(evidence)].map(({ subject }) => subject));
  const waiting = evidence.orders
    .filter(({ orderId }) => dead.has(orderId))
    .map(({ orderId, status }) => `order ${orderId}: is ${status}, a dead letter of it waits for a person`);
  const offenders = open
    .filter(({ orderId }) => !excused.has(orderId))
    .map(({ orderId, status }) => `order ${orderId}: is ${status}`);
  const count = (wanted: string) => evidence.orders.filter(({ status }) => status === wanted).length;
  const detail = `${count('completed')} completed, ${count('cancelled')} cancelled, ${count('refunded')} refunded, ${open.length} open`;
  return judge(7, 'every order ends', detail, { late: offenders, remarks: waiting }, evidence.unrest);
}

/** 8. A cancelled order holds no stock and no authorization. */
export function cancelledHoldsNothing(evidence: Evidence): Verdict {
  const excused = ordersWithDeadLetter(evidence, 'checkout');
  const cancelled = evidence.orders.filter(({ status, orderId }) => status === 'cancelled' && !excused.has(orderId));
  const held = Map.groupBy(evidence.reservations, ({ orderId }) => orderId);
  const payments = new Map(evidence.payments.map(({ orderId, state }) => [orderId, state]));
  const ledger = Map.groupBy(evidence.ledger, ({ metadata }) => metadata['orderId']);
  const offenders = cancelled.flatMap(({ orderId }) => {
    const stock = (held.get(orderId) ?? [])
      .filter(({ state }) => state === 'reserved')
      .map(({ quantity, sku }) => `holds ${quantity} ${sku}`);
    const intents = openAuthorizations(ledger.get(orderId) ?? []).map((intentId) => `money is held by ${intentId}`);
    const state = payments.get(orderId) ?? '';
    const payment = ['authorizing', 'authorized', 'capturing', 'voiding'].includes(state)
      ? [`its payment is ${state}`]
      : [];
    return [...stock, ...intents, ...payment].map((what) => `order ${orderId}: ${what}`);
  });
  const detail = `${cancelled.length} cancelled orders`;
  return judge(8, 'a cancelled order holds nothing', detail, { late: offenders }, evidence.unrest);
}

/** Of each intent: authorized, and neither captured nor cancelled since. */
export function openAuthorizations(entries: readonly LedgerEntry[]): string[] {
  return [...Map.groupBy(entries, ({ intentId }) => intentId)]
    .filter(([, own]) => {
      const last = own.findLast(({ operation }) => ['authorize', 'capture', 'cancel'].includes(operation));
      return last?.operation === 'authorize';
    })
    .map(([intentId]) => intentId);
}
