import type { FactData } from '@cartwheel/contracts';
import { type Projection, projections } from '../../../apps/analytics/src/generations.ts';
import type { Evidence, FactRecord } from '../evidence.ts';
import { handledTypes } from '../handled-types.ts';
import { firstOccurrences } from '../log.ts';

type Row = Record<string, unknown>;
type Placed = FactData<'OrderPlaced'>;
type Total = FactData<'OrderCompleted'>;

/** Computed again from the topics, by other code than that of analytics: a mistake there is not repeated here. */
const fromLog: Record<Projection, (facts: readonly FactRecord[]) => Row[]> = {
  sales(facts) {
    const rows = new Map<string, Row & Record<'orders' | 'revenue_minor' | 'refunds' | 'refunded_minor', number>>();
    for (const { type, time, data } of facts) {
      const { total, amount } = data as Partial<Total & FactData<'OrderRefunded'>>;
      const { amountMinor, currency } = (total ?? amount)!;
      const place = `${day(time)} ${currency}`;
      const none = { orders: 0, revenue_minor: 0, refunds: 0, refunded_minor: 0 };
      const row = rows.get(place) ?? { day: day(time), currency, ...none };
      row[type === 'OrderCompleted' ? 'orders' : 'refunds'] += 1;
      row[type === 'OrderCompleted' ? 'revenue_minor' : 'refunded_minor'] += amountMinor;
      rows.set(place, row);
    }
    return [...rows.values()];
  },
  funnel: (facts) =>
    ordersOf(facts).map(({ orderId, placed, find }) => ({
      order_id: orderId,
      placed_on: day(placed.time),
      confirmed: find('OrderConfirmed') !== undefined,
      completed: find('OrderCompleted') !== undefined,
      refunded: find('OrderRefunded') !== undefined,
      cancellation_reason: (find('OrderCancelled')?.data as FactData<'OrderCancelled'> | undefined)?.reason ?? null,
    })),
  'top-products': (facts) =>
    ordersOf(facts).flatMap(({ orderId, placed, find }) => {
      if (find('OrderCancelled')) return [];
      const completed = find('OrderCompleted');
      const items = (placed.data as Placed).items;
      const bySku = Map.groupBy(items, ({ sku, unitPrice }) => `${unitPrice.currency} ${sku}`);
      return [...bySku.values()].map((same) => ({
        order_id: orderId,
        sku: same[0]!.sku,
        currency: same[0]!.unitPrice.currency,
        quantity: same.reduce((sum, { quantity }) => sum + quantity, 0),
        revenue_minor: same.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice.amountMinor, 0),
        completed_on: completed ? day(completed.time) : null,
      }));
    }),
  completion: (facts) =>
    ordersOf(facts).map(({ orderId, placed, find }) => {
      const completed = find('OrderCompleted');
      return {
        order_id: orderId,
        placed_at: placed.time,
        completed_on: completed ? day(completed.time) : null,
        took_ms: completed ? Date.parse(completed.time) - Date.parse(placed.time) : null,
      };
    }),
};

/** What differs between what analytics shows and what the log leads to. What is set aside there is missing on purpose. */
export function projectionsFromTopics(evidence: Evidence): string[] {
  const facts = [...firstOccurrences(evidence).values()];
  return (Object.keys(projections) as Projection[]).flatMap((name) => {
    const { group } = projections[name];
    const setAside = new Set(evidence.parked.filter(({ consumer }) => consumer === group).map(({ id }) => id));
    const due = facts.filter(({ id, type }) => handledTypes[group].includes(type) && !setAside.has(id));
    const [shown, expected] = [evidence.projections[name].map(canonical), fromLog[name](due).map(canonical)];
    const [has, needs] = [new Set(shown), new Set(expected)];
    return [
      ...expected.filter((row) => !has.has(row)).map((row) => `${name} lacks ${row}`),
      ...shown.filter((row) => !needs.has(row)).map((row) => `${name} has ${row}, to which the log does not lead`),
    ];
  });
}

function ordersOf(facts: readonly FactRecord[]) {
  return [...Map.groupBy(facts, ({ subject }) => subject)].flatMap(([orderId, own]) => {
    const find = (type: FactRecord['type']) => own.find((fact) => fact.type === type);
    const placed = find('OrderPlaced');
    return placed ? [{ orderId, placed, find }] : [];
  });
}

function day(time: string): string {
  return new Date(time).toISOString().slice(0, 10);
}

function canonical(row: Row): string {
  return JSON.stringify(Object.fromEntries(Object.entries(row).toSorted(([a], [b]) => a.localeCompare(b))));
}
