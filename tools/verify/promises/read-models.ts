import { isDeepStrictEqual } from 'node:util';
import { howItStrays } from '../../rebuild/orders.ts';
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

function ordersFromStream({ orderId, events, ...row }: OrderRow): string[] {
  const how = howItStrays(row, events);
  return how === undefined ? [] : [`order ${orderId}: ${how}`];
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
