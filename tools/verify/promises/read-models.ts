import { isDeepStrictEqual } from 'node:util';
import { howItStrays } from '../../rebuild/orders.ts';
import type { Evidence, OrderRow } from '../evidence.ts';
import { firstOccurrences } from '../log.ts';
import { judge, type Verdict } from '../verdict.ts';
import { projectionsFromTopics } from './projections.ts';

/** 10. Every read model equals its rebuild from the log. */
export function readModels(evidence: Evidence): Verdict {
  const wrong = [
    ...evidence.orders.flatMap(ordersFromStream),
    ...evidence.analyticsTwice.map((id) => `analytics has ${id} twice`),
  ];
  const late = [...analyticsFromTopics(evidence), ...projectionsFromTopics(evidence)];
  const rows = Object.values(evidence.projections).reduce((sum, { length }) => sum + length, 0);
  const detail = `${evidence.orders.length} orders, ${evidence.analytics.size} facts and ${rows} projected rows in analytics`;
  return judge(10, 'read models equal their rebuild', detail, { wrong, late }, evidence.unrest);
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
  const offenders: string[] = [];
  for (const { id, type, subject, topic, partition, offset, time, correlationId, causationId } of facts.values()) {
    const copy = evidence.analytics.get(id);
    if (!copy && !setAside.has(id)) offenders.push(`analytics lacks ${type} ${id}`);
    const original = { type, subject, topic, partition, offset, time, correlationId, causationId };
    if (copy && !isDeepStrictEqual({ ...copy }, { ...original, time: new Date(time).toISOString() })) {
      offenders.push(`analytics has ${type} ${id} otherwise than ${topic}/${partition}@${offset}`);
    }
  }
  const unknown = [...evidence.analytics].filter(([id]) => !facts.has(id));
  return [...offenders, ...unknown.map(([id, { type }]) => `analytics has ${type} ${id}, which no topic holds`)];
}
