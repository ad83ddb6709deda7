import { isDeepStrictEqual } from 'node:util';
import { evolve, type Order } from '../../../apps/order/src/domain/order.ts';
import type { Evidence, OrderRow } from '../evidence.ts';
import { firstOccurrences } from '../log.ts';
import { judge, type Verdict } from '../verdict.ts';
import { projectionsFromTopics } from './projections.ts';

/** 10. Every read model equals its rebuild from the log. */
export function readModels(evidence: Evidence): Verdict {
  const offenders = [
    ...evidence.orders.flatMap(ordersFromStream),
    ...analyticsFromTopics(evidence),
    ...projectionsFromTopics(evidence),
  ];
  const rows = Object.values(evidence.projections).reduce((sum, { length }) => sum + length, 0);
  const detail = `${evidence.orders.length} orders, ${evidence.analytics.size} facts and ${rows} projected rows in analytics`;
  return judge(10, 'read models equal their rebuild', detail, offenders);
}

function ordersFromStream({ orderId, version, status, state, events }: OrderRow): string[] {
  const gap = events.findIndex((event, index) => event.version !== index + 1);
  if (gap >= 0) return [`order ${orderId}: event ${gap + 1} of its stream is missing`];
  if (version !== events.length)
    return [`order ${orderId}: is at version ${version}, its stream has ${events.length} events`];
  try {
    const rebuilt = events.reduce<Order | undefined>((order, { event }) => evolve(order, event), undefined);
    if (!isDeepStrictEqual(rebuilt, state))
      return [`order ${orderId}: is ${state.status}, its stream leads to ${rebuilt?.status}`];
  } catch {
    return [`order ${orderId}: its stream does not begin with OrderPlaced`];
  }
  return status === state.status ? [] : [`order ${orderId}: is listed as ${status}, its state is ${state.status}`];
}

/** Every fact as the log first took it. A fact that is dead there is missing on purpose. */
function analyticsFromTopics(evidence: Evidence): string[] {
  const facts = firstOccurrences(evidence);
  const setAside = new Set(
    evidence.parked.filter(({ consumer }) => consumer === 'analytics.facts').map(({ id }) => id),
  );
  const offenders = evidence.analyticsTwice.map((id) => `analytics has ${id} twice`);
  for (const { id, type, subject, topic, partition, offset } of facts.values()) {
    const copy = evidence.analytics.get(id);
    if (!copy && !setAside.has(id)) offenders.push(`analytics lacks ${type} ${id}`);
    if (copy && !isDeepStrictEqual({ ...copy }, { type, subject, topic, partition, offset })) {
      offenders.push(`analytics has ${type} ${id} otherwise than ${topic}/${partition}@${offset}`);
    }
  }
  const unknown = [...evidence.analytics].filter(([id]) => !facts.has(id));
  return [...offenders, ...unknown.map(([id, { type }]) => `analytics has ${type} ${id}, which no topic holds`)];
}
