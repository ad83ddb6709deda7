import type { ServiceName } from '../verify/target.ts';

/** A moment in a service's life at which its death must cost nothing: the drill kills it there. */
export type Window = {
  /** `--only` takes it. */
  readonly name: string;
  /** The process dies … */
  readonly when: string;
  readonly services: readonly ServiceName[];
  /**
   * What a service is about to do (`before …`) or was just answered (`after …`), in the words of watch.ts. These are
   * statements of ours and requests of the clients: a window that is worded past them is never reached, and the drill says so.
   */
  readonly at: RegExp;
  /** What it did before, each of them: in this transaction, or, at an acknowledgement, since the last one. */
  readonly having?: readonly RegExp[];
};

const everyService = ['order', 'payment', 'inventory', 'email', 'analytics'] as const;

/** The first look behind the claim of a fact's id: something in the chunk is new. */
const newFacts = [/^INSERT INTO processed_events (order|payment|inventory|email|analytics\.facts)$/, /^SELECT k FROM/];
const outcome = /^INSERT INTO processed_events (payment\.card|email\.message)$/;
const setAside = /^INSERT INTO parked_messages/;

export const windows: readonly Window[] = [
  {
    name: 'checkout-before-commit',
    when: 'inside the transaction of POST /checkout',
    services: ['order'],
    at: /^before COMMIT$/,
    having: [/^UPDATE idempotency_keys/],
  },
  {
    name: 'checkout-before-answer',
    when: 'after the COMMIT of POST /checkout, before the answer',
    services: ['order'],
    at: /^after COMMIT$/,
    having: [/^UPDATE idempotency_keys/],
  },
  {
    name: 'relay-before-send',
    when: 'with facts read from the outbox, before it sends them',
    services: ['order', 'inventory'],
    at: /^before kafka Produce$/,
  },
  {
    name: 'relay-before-confirm',
    when: 'after Kafka took the facts, before it knows',
    services: ['order', 'inventory'],
    at: /^after kafka Produce$/,
  },
  {
    name: 'relay-before-delete',
    when: 'after Kafka confirmed, before the delete from the outbox',
    services: ['order', 'inventory'],
    at: /^before relay:kafka DELETE FROM outbox kafka$/,
  },
  {
    name: 'task-before-send',
    when: 'with tasks read from the outbox, before it sends them',
    services: ['payment', 'email'],
    at: /^before rabbitmq publish (?!.*\.retry\.)/,
  },
  {
    name: 'task-before-confirm',
    when: 'after RabbitMQ took a task, before it knows',
    services: ['payment', 'email'],
    at: /^after rabbitmq publish (?!.*\.retry\.)/,
  },
  {
    name: 'task-before-delete',
    when: 'after RabbitMQ confirmed, before the delete from the outbox',
    services: ['payment', 'email'],
    at: /^before relay:rabbitmq DELETE FROM outbox rabbitmq$/,
  },
  {
    name: 'fact-before-commit',
    when: "inside the consumer's transaction",
    services: everyService,
    at: /^before COMMIT$/,
    having: newFacts,
  },
  {
    name: 'fact-before-offset',
    when: "after the consumer's COMMIT, before the offset is committed",
    services: everyService,
    at: /^after COMMIT$/,
    having: newFacts,
  },
  {
    name: 'park-before-commit',
    when: 'inside the transaction that parks a fact',
    services: ['inventory'],
    at: /^before COMMIT$/,
    having: [...newFacts, setAside],
  },
  {
    name: 'park-before-offset',
    when: 'after the COMMIT that parks a fact, before the offset is committed',
    services: ['inventory'],
    at: /^after COMMIT$/,
    having: [...newFacts, setAside],
  },
  {
    name: 'retry-before-commit',
    when: 'inside the transaction in which a parked fact was applied',
    services: ['inventory'],
    at: /^before COMMIT$/,
    having: [/^DELETE FROM parked_messages/],
  },
  {
    name: 'retry-before-count',
    when: 'inside the transaction that counts a failed attempt',
    services: ['inventory'],
    at: /^before COMMIT$/,
    having: [/^UPDATE parked_messages/],
  },
  {
    name: 'retry-after-commit',
    when: 'after the COMMIT in which a parked fact was applied',
    services: ['inventory'],
    at: /^after COMMIT$/,
    having: [/^DELETE FROM parked_messages/],
  },
  {
    name: 'gateway-create',
    when: 'after the gateway made an intent, before our record',
    services: ['payment'],
    at: /^after POST \/v1\/payment_intents$/,
  },
  {
    name: 'gateway-confirm',
    when: 'after the gateway held the money or declined, before our record',
    services: ['payment'],
    at: /^after POST \/v1\/payment_intents\/:id\/confirm$/,
  },
  {
    name: 'gateway-capture',
    when: 'after the gateway took the money, before our record',
    services: ['payment'],
    at: /^after POST \/v1\/payment_intents\/:id\/capture$/,
  },
  {
    name: 'gateway-void',
    when: 'after the gateway let the hold go, before our record',
    services: ['payment'],
    at: /^after POST \/v1\/payment_intents\/:id\/cancel$/,
  },
  {
    name: 'gateway-refund',
    when: 'after the gateway gave the money back, before our record',
    services: ['payment'],
    at: /^after POST \/v1\/refunds$/,
  },
  {
    name: 'mail-before-record',
    when: "after the mail server's 250, before our record",
    services: ['email'],
    at: /^after mail$/,
  },
  {
    name: 'outcome-before-commit',
    when: "inside the transaction that records a task's outcome",
    services: ['payment', 'email'],
    at: /^before COMMIT$/,
    having: [outcome],
  },
  {
    name: 'outcome-before-ack',
    when: 'after the COMMIT of an outcome, before the acknowledgement',
    services: ['payment', 'email'],
    at: /^before rabbitmq ack$/,
    having: [outcome],
  },
  {
    name: 'ladder-before-send',
    when: 'before it sends a failed task to the retry queue',
    services: ['email'],
    at: /^before rabbitmq publish .*\.retry\./,
  },
  {
    name: 'ladder-before-ack',
    when: 'with the task on the retry queue, before the acknowledgement',
    services: ['email'],
    at: /^before rabbitmq ack$/,
    having: [/^rabbitmq publish .*\.retry\./],
  },
  {
    name: 'dead-before-commit',
    when: 'inside the transaction that keeps a dead task',
    services: ['payment'],
    at: /^before COMMIT$/,
    having: [outcome, setAside],
  },
  {
    name: 'dead-before-ack',
    when: 'after the COMMIT of a dead task, before the acknowledgement',
    services: ['payment'],
    at: /^before rabbitmq ack$/,
    having: [outcome, setAside],
  },
];

/** Whether the process stands in the window: `moment` is what it does now, `trail` what it did before. */
export function isIn({ at, having = [] }: Window, moment: string, trail: readonly string[]): boolean {
  return at.test(moment) && having.every((wanted) => trail.some((done) => wanted.test(done)));
}
