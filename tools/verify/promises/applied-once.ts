import type { Evidence, FactRecord, Task } from '../evidence.ts';
import { appliedAndSetAside } from '../ends.ts';
import { consumerGroups, handledTypes } from '../handled-types.ts';
import { firstOccurrences } from '../log.ts';
import { judge, type Verdict } from '../verdict.ts';

/** 2. Each consumer applies each message once, whatever is redelivered. */
export function appliedOnce(evidence: Evidence): Verdict {
  const facts = firstOccurrences(evidence);
  const taken = [...evidence.processed.values()].reduce((sum, ids) => sum + ids.size, 0);
  const applied =
    taken - evidence.parked.filter(({ consumer, id }) => evidence.processed.get(consumer)?.has(id)).length;
  const repeats = evidence.records.length - facts.size;
  const detail = `${applied} applications, ${repeats} facts published again`;
  const late = [
    ...consumerGroups.flatMap((group) => applications(evidence, facts, group)),
    ...answers(evidence, [...facts.values()]),
  ];
  const wrong = [
    ...appliedAndSetAside(evidence).map(
      ({ row, effect }) =>
        `${row.consumer} took ${row.id} again, though it had led to ${effect.type} ${effect.id} of ${effect.subject}`,
    ),
    ...repeatedEffects(evidence, [...facts.values()]),
    ...evidence.tasks.flatMap((task) => finishedOnce(evidence, task)),
  ];
  return judge(2, 'each message applied once', detail, { wrong, late }, evidence.unrest);
}

/** The ids that a group recorded against those it had to: none is missing, and none comes from nowhere. */
function applications(
  { processed, parked }: Evidence,
  facts: ReadonlyMap<string, FactRecord>,
  group: keyof typeof handledTypes,
): string[] {
  const applied = processed.get(group) ?? new Map<string, number>();
  const setAside = new Set(parked.filter(({ consumer }) => consumer === group).map(({ id }) => id));
  const due = [...facts.values()].filter(({ type, id }) => handledTypes[group].includes(type) && !setAside.has(id));
  const missing = due.filter(({ id }) => !applied.has(id));
  const unknown = [...applied.keys()].filter((id) => !facts.has(id) && !setAside.has(id));
  return [
    ...missing.map(({ id, type, subject }) => `${group} has not applied ${type} ${id} of ${subject}`),
    ...unknown.map((id) => `${group} has applied ${id}, which no topic holds`),
  ];
}

/** Whoever took an OrderPlaced has a payment for it, or answered it: once. */
function answers({ payments, parked, processed }: Evidence, facts: readonly FactRecord[]): string[] {
  const dead = (group: string, id: string) => parked.some((row) => row.consumer === group && row.id === id);
  const paid = Map.groupBy(payments, ({ orderId }) => orderId);
  const answered = Map.groupBy(
    facts.filter(({ type }) => type === 'StockReserved' || type === 'StockRejected'),
    ({ causationId }) => causationId,
  );
  const placed = facts.filter(({ type }) => type === 'OrderPlaced');
  const miscounted = (group: string, count: (fact: FactRecord) => number, what: string) =>
    placed
      .filter((fact) => processed.get(group)?.has(fact.id) && !dead(group, fact.id) && count(fact) !== 1)
      .map((fact) => `order ${fact.subject}: ${count(fact)} ${what} for its OrderPlaced`);
  return [
    ...miscounted('payment', ({ subject }) => paid.get(subject)?.length ?? 0, 'payments'),
    ...miscounted('inventory', ({ id }) => answered.get(id)?.length ?? 0, 'answers of inventory'),
  ];
}

/**
 * `processed_events` cannot hold an id twice, so a dedup that fails shows in what was done: the same announcement twice for
 * one cause, the same event, stock movement or task twice for one order.
 */
function repeatedEffects({ orders, movements, tasks }: Evidence, facts: readonly FactRecord[]): string[] {
  return [
    ...repeated(facts, ({ type, subject, causationId }) => `${type} of ${subject} caused by ${causationId}`),
    ...orders.flatMap(({ orderId, events }) =>
      repeated(events, ({ event }) => `${event.type} in the stream of order ${orderId}`),
    ),
    ...repeated(
      movements.filter(({ orderId }) => orderId !== null),
      ({ orderId, sku, kind }) => `${sku} ${kind} for order ${orderId}`,
    ),
    // An order has several mails, and each step of its payment once.
    ...repeated(
      tasks.filter(({ queue }) => queue === 'payment.card'),
      ({ type, subject }) => `the task ${type} for order ${subject}`,
    ),
  ];
}

function repeated<T>(items: readonly T[], name: (item: T) => string): string[] {
  return [...Map.groupBy(items, name)]
    .filter(([, same]) => same.length > 1)
    .map(([what, same]) => `${what}: ${same.length} times`);
}

/** Two workers may have one task in hand: its broker gave it to a second while the first still had it. One is `done`. */
function finishedOnce({ processed }: Evidence, { id, type, subject, queue, attempts }: Task): string[] {
  const done = attempts.filter(({ outcome }) => outcome === 'done');
  const recorded = processed.get(queue)?.has(id) ?? false;
  return [
    ...(done.length > 1 ? [`${type} ${id} of ${subject} was done ${done.length} times`] : []),
    ...(done.length > 0 && !recorded ? [`${type} ${id} of ${subject} is done and not recorded`] : []),
  ];
}
