import { defineContracts } from '@cartwheel/messages';
import { facts, type FactTopic, factTopics } from './facts.ts';
import { taskQueues, tasks } from './tasks.ts';

/** Which consumer group reads which topics. */
const groups = {
  order: ['payment-events', 'inventory-events'],
  payment: ['order-events'],
  inventory: ['order-events'],
  email: ['order-events'],
  'analytics.facts': ['order-events', 'payment-events', 'inventory-events'],
  'analytics.sales': ['order-events'],
  'analytics.funnel': ['order-events'],
  'analytics.top-products': ['order-events'],
  'analytics.completion': ['order-events'],
} as const satisfies Record<string, readonly FactTopic[]>;

export type ConsumerGroup = keyof typeof groups;

/** What the five services have agreed on. The libraries are given it; none of them imports it (docs/decisions/0120). */
export const contracts = defineContracts({
  facts,
  tasks,
  topics: factTopics,
  partitions: 12,
  groups,
  queues: taskQueues,
  personal: { customer: { name: '***', email: '***' } },
});

export const { fact, headersOf, knownTypeOf, maskPersonal, readEnvelope, task, topology } = contracts;

export type Message = ReturnType<typeof fact>;
export type Topology = ReturnType<typeof topology>;

/** The domain of a shop's Message-IDs: two shops that send to one mailbox do not take each other's mails for their own. */
export function mailDomain(namespace: string): string {
  return namespace === '' ? 'cartwheel.example' : `${namespace}.cartwheel.example`;
}
