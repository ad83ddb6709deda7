import { ordersWithDeadLetter } from '../dead-letters.ts';
import type { Evidence, LedgerEntry, OrderRow, PaymentRow } from '../evidence.ts';
import { judge, type Verdict } from '../verdict.ts';
import { openAuthorizations } from './orders-end.ts';

/** How a payment may stand when its order has ended, or waits for its money to go back. */
const SETTLED: Record<string, readonly string[]> = {
  completed: ['captured'],
  refunding: ['captured', 'refunding', 'refunded'],
  refunded: ['refunded'],
  cancelled: ['declined', 'voided', 'capture_failed'],
};

/** Orders whose money was taken, whatever became of it since. */
const PAID: readonly string[] = ['completed', 'refunding', 'refunded'];

/** 5. Captured − refunded = sum of completed orders; nothing captured twice or kept for a cancelled order. */
export function moneyAddsUp(evidence: Evidence): Verdict {
  const excused = ordersWithDeadLetter(evidence, 'checkout');
  const ledger = Map.groupBy(evidence.ledger, ({ metadata }) => metadata['orderId'] ?? 'without an order');
  const payments = Map.groupBy(evidence.payments, ({ orderId }) => orderId);
  const known = new Set(evidence.orders.map(({ orderId }) => orderId));
  const late = [
    ...[...ledger.keys()]
      .filter((orderId) => !known.has(orderId))
      .map((orderId) => `order ${orderId}: in the ledger, and in no database`),
    ...evidence.orders
      .filter(({ orderId }) => !excused.has(orderId))
      .flatMap((order) => [
        ...moved(order, ledger.get(order.orderId) ?? []).map((what) => `order ${order.orderId}: ${what}`),
        ...recorded(order, payments.get(order.orderId) ?? []).map((what) => `order ${order.orderId}: ${what}`),
      ]),
    ...(excused.size === 0 ? sums(evidence) : []),
  ];
  const wrong = [...ledger]
    .map(([orderId, entries]) => [orderId, entries.filter(({ operation }) => operation === 'capture').length] as const)
    .filter(([, times]) => times > 1)
    .map(([orderId, times]) => `order ${orderId}: captured ${times} times`);
  const captures = evidence.ledger.filter(({ operation }) => operation === 'capture');
  const taken = amounts(captures.map(({ currency, amountMinor }) => [currency, amountMinor]));
  const refunds = evidence.ledger.filter(({ operation }) => operation === 'refund').length;
  const detail = `${captures.length} captures${[...taken].map(([currency, minor]) => `, ${minor} ${currency} minor`).join('')}, ${refunds} refunds`;
  return judge(5, 'money adds up', detail, { wrong, late }, evidence.unrest);
}

/** What the gateway did for one order. */
function moved({ status, state }: OrderRow, entries: readonly LedgerEntry[]): string[] {
  const captures = entries.filter(({ operation }) => operation === 'capture');
  const refunds = entries.filter(({ operation }) => operation === 'refund');
  const offenders = wentBack(status, state.total?.amountMinor ?? 0, refunds);
  if (PAID.includes(status) && captures.length === 0) offenders.push(`${status}, and nothing was captured`);
  if (['placed', 'cancelled'].includes(status) && captures.length > 0)
    offenders.push(`${status}, and money was captured`);
  if (PAID.includes(status))
    offenders.push(
      ...openAuthorizations(entries).map((intentId) => `${status}, and money is still held by ${intentId}`),
    );
  for (const { amountMinor, currency } of captures) {
    const isTotal = amountMinor === state.total?.amountMinor && currency === state.total.currency;
    if (!isTotal)
      offenders.push(
        `captured ${amountMinor} ${currency}, the total is ${state.total?.amountMinor} ${state.total?.currency}`,
      );
  }
  return offenders;
}

/** A refund is the whole amount, or has not happened yet. */
function wentBack(status: string, total: number, refunds: readonly LedgerEntry[]): string[] {
  const back = refunds.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  if (!['refunding', 'refunded'].includes(status)) {
    return refunds.map(({ amountMinor }) => `${amountMinor} refunded, which nobody asked for`);
  }
  const isDue = status === 'refunded' || back > 0;
  return isDue && back !== total ? [`${status}, and ${back} of ${total} went back`] : [];
}

/** What the payment service's own table says. */
function recorded({ status, state }: OrderRow, payments: readonly PaymentRow[]): string[] {
  const [payment] = payments;
  const settled = SETTLED[status];
  if (!payment) return settled ? [`${status}, and there is no payment`] : [];
  const offenders: string[] = [];
  if (settled && !settled.includes(payment.state)) offenders.push(`${status}, and its payment is ${payment.state}`);
  const isTotal = payment.amountMinor === state.total?.amountMinor && payment.currency === state.total.currency;
  if (!isTotal)
    offenders.push(`the payment is of ${payment.amountMinor} ${payment.currency}, not of the order's total`);
  return offenders;
}

/** The same over all orders, without looking at any of them: captured − refunded against what was completed. */
function sums({ orders, ledger }: Evidence): string[] {
  const underWay = new Set(
    orders.filter(({ status }) => ['confirmed', 'refunding'].includes(status)).map(({ orderId }) => orderId),
  );
  const kept = amounts(
    ledger
      .filter(
        ({ operation, metadata }) =>
          ['capture', 'refund'].includes(operation) && !underWay.has(metadata['orderId'] ?? ''),
      )
      .map(({ operation, currency, amountMinor }) => [currency, operation === 'capture' ? amountMinor : -amountMinor]),
  );
  const earned = amounts(
    orders
      .filter(({ status }) => status === 'completed')
      .map(({ state }) => [state.total.currency, state.total.amountMinor]),
  );
  return [...new Set([...kept.keys(), ...earned.keys()])]
    .filter((currency) => (kept.get(currency) ?? 0) !== (earned.get(currency) ?? 0))
    .map(
      (currency) =>
        `${currency}: kept ${kept.get(currency) ?? 0}, completed orders are worth ${earned.get(currency) ?? 0}`,
    );
}

function amounts(pairs: readonly [string, number][]): Map<string, number> {
  const sum = new Map<string, number>();
  for (const [currency, amount] of pairs) sum.set(currency, (sum.get(currency) ?? 0) + amount);
  return sum;
}
