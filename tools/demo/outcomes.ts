import type { Scene } from './orders.ts';
import type { PlacedOrder } from './place.ts';

export type Played = { readonly scene: Scene; readonly orders: readonly PlacedOrder[] };

/** Counts the outcomes of a scene; an order that was asked for twice counts once. */
export function outcomesOf({ orders }: Played): Record<string, number> {
  const distinct = new Map(orders.map((order) => [order.orderId, order.outcome]));
  const counts: Record<string, number> = {};
  for (const outcome of distinct.values()) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

export function asExpected(played: Played): boolean {
  const sorted = (counts: Readonly<Record<string, number>>) => JSON.stringify(Object.entries(counts).sort());
  return sorted(outcomesOf(played)) === sorted(played.scene.expected);
}

/** What was asked for, and what came of it. */
export function outcomeTable(all: readonly Played[]): string {
  const rows = all.map((played) => {
    const outcomes = Object.entries(outcomesOf(played)).map(([outcome, count]) => `${count} ${outcome}`);
    const mark = asExpected(played) ? '✓' : '✗';
    return `${mark} ${played.scene.title.padEnd(30)} ${String(played.orders.length).padStart(8)}  ${outcomes.join(', ')}`;
  });
  return [`  ${'orders'.padEnd(30)} requests  outcome`, ...rows].join('\n');
}
