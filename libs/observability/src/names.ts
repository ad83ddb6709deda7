/**
 * Every metric, span attribute and log field that is ours to name stands here, and rules and dashboards may use no other
 * (tools/telemetry/telemetry.spec.ts). Names of OpenTelemetry's semantic conventions where there is one, else
 * `cartwheel.<noun>.<measure>`. https://opentelemetry.io/docs/specs/semconv/
 */
export type Metric = {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** UCUM: `s`, `By`, `1`, or what is counted, in braces. */
  readonly unit: string;
  readonly description: string;
  readonly buckets?: readonly number[];
};

/** Requests and messages are a matter of milliseconds, calls to the outside of seconds. In s. */
const SHORT = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Of an order: at its best a second, at its worst the time-out and what the retry ladder adds. In s. */
const LONG = [0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600];

export const metrics = {
  // HTTP
  httpDuration: {
    name: 'http.server.request.duration',
    kind: 'histogram',
    unit: 's',
    description: 'From the request to the end of its answer',
    buckets: SHORT,
  },

  // Messages: what this process sends …
  sentMessages: {
    name: 'messaging.client.sent.messages',
    kind: 'counter',
    unit: '{message}',
    description: 'Messages that a broker confirmed',
  },
  sendDuration: {
    name: 'messaging.client.operation.duration',
    kind: 'histogram',
    unit: 's',
    description: 'One batch of the relay, until the broker has confirmed it',
    buckets: SHORT,
  },
  relayFailures: {
    name: 'cartwheel.relay.failures',
    kind: 'counter',
    unit: '{attempt}',
    description: 'Rounds of the relay that failed; it repeats them for ever',
  },
  outboxMessages: {
    name: 'cartwheel.outbox.messages',
    kind: 'gauge',
    unit: '{message}',
    description: 'Messages that wait to be published; 100 000 means that many or more',
  },
  outboxOldestAge: {
    name: 'cartwheel.outbox.oldest.age',
    kind: 'gauge',
    unit: 's',
    description: 'For how long the oldest message has waited to be published',
  },
  outboxDeadRows: {
    name: 'cartwheel.outbox.dead_rows',
    kind: 'gauge',
    unit: '{row}',
    description: "Deleted rows of the outbox that vacuum has not removed; the relay's read passes over them",
  },

  // … and what it receives
  processDuration: {
    name: 'messaging.process.duration',
    kind: 'histogram',
    unit: 's',
    description: 'One attempt of a handler at a fact, or of a worker at a task; failed ones have an error.type',
    buckets: SHORT,
  },
  chunkDuration: {
    name: 'cartwheel.chunk.duration',
    kind: 'histogram',
    unit: 's',
    description: 'The transaction of one chunk of facts, from claim to COMMIT',
    buckets: SHORT,
  },
  messageOutcomes: {
    name: 'cartwheel.message.outcomes',
    kind: 'counter',
    unit: '{message}',
    description: 'What became of messages that were not simply applied: duplicate, skipped, failed, parked, dead, …',
  },
  lag: {
    name: 'cartwheel.consumer.lag',
    kind: 'gauge',
    unit: '{message}',
    description: 'Facts that are in the log and not yet applied',
  },
  lagAge: {
    name: 'cartwheel.consumer.lag.age',
    kind: 'gauge',
    unit: 's',
    description: 'For how long the oldest of them has been there, as far as this process has seen',
  },
  parkedKeys: {
    name: 'cartwheel.parked.keys',
    kind: 'gauge',
    unit: '{key}',
    description: 'Keys whose messages wait behind one that failed or is dead',
  },
  parkedMessages: {
    name: 'cartwheel.parked.messages',
    kind: 'gauge',
    unit: '{message}',
    description: 'Messages that wait for their next attempt, or behind one',
  },
  deadLetters: {
    name: 'cartwheel.dead_letters.messages',
    kind: 'gauge',
    unit: '{message}',
    description: 'Messages that wait for a person',
  },
  deadLettersOldestAge: {
    name: 'cartwheel.dead_letters.oldest.age',
    kind: 'gauge',
    unit: 's',
    description: 'How long ago the oldest of them failed for the last time',
  },

  factGaps: {
    name: 'cartwheel.fact.gaps',
    kind: 'gauge',
    unit: '{subject}',
    description:
      'Orders and products of which a fact is missing: a later one was read, and none of them is parked or dead',
  },
  factGapsOldestAge: {
    name: 'cartwheel.fact.gaps.oldest.age',
    kind: 'gauge',
    unit: 's',
    description: 'For how long the one that has been missing longest has been so',
  },

  repeatingTasks: {
    name: 'cartwheel.tasks.repeating',
    kind: 'gauge',
    unit: '{task}',
    description: 'Tasks that have failed four times or more and will be tried again',
  },

  // The outside
  gatewayDuration: {
    name: 'cartwheel.gateway.call.duration',
    kind: 'histogram',
    unit: 's',
    description: 'One call to the card gateway, also one that the circuit did not let through',
    buckets: SHORT,
  },
  circuitState: {
    name: 'cartwheel.circuit.state',
    kind: 'gauge',
    unit: '1',
    description: '0 closed, 1 half open, 2 open',
  },
  mailDuration: {
    name: 'cartwheel.mail.send.duration',
    kind: 'histogram',
    unit: 's',
    description: 'One mail, until the server took or refused it',
    buckets: SHORT,
  },

  // The process
  strayRejections: {
    name: 'cartwheel.rejections.stray',
    kind: 'counter',
    unit: '{rejection}',
    description: 'Promises that a handler or a request let go of, and that were rejected',
  },
  eventLoopDelayP99: {
    name: 'nodejs.eventloop.delay.p99',
    kind: 'gauge',
    unit: 's',
    description: 'Since the scrape before: a timer was late by at most this, but for one in a hundred',
  },
  eventLoopDelayMax: {
    name: 'nodejs.eventloop.delay.max',
    kind: 'gauge',
    unit: 's',
    description: 'Since the scrape before: no timer was later than this',
  },
  poolConnections: {
    name: 'db.client.connection.count',
    kind: 'gauge',
    unit: '{connection}',
    description: 'Connections to PostgreSQL, idle or used',
  },
  poolMax: {
    name: 'db.client.connection.max',
    kind: 'gauge',
    unit: '{connection}',
    description: 'How many there may be',
  },
  poolPending: {
    name: 'db.client.connection.pending_requests',
    kind: 'gauge',
    unit: '{request}',
    description: 'Who waits for one',
  },
  sourceUp: {
    name: 'cartwheel.source.up',
    kind: 'gauge',
    unit: '1',
    description: '0: what is read from there for this page could not be read, and is missing',
  },

  // The business
  ordersPlaced: {
    name: 'cartwheel.order.placed',
    kind: 'counter',
    unit: '{order}',
    description: 'Orders that were announced',
  },
  ordersEnded: {
    name: 'cartwheel.order.ended',
    kind: 'counter',
    unit: '{order}',
    description: 'Orders by how they ended: completed, or the reason of the cancellation; refunded ones also completed',
  },
  revenue: {
    name: 'cartwheel.order.revenue',
    kind: 'counter',
    unit: '{minor_unit}',
    description: 'Of completed orders, in cents',
  },
  refunded: {
    name: 'cartwheel.order.refunds',
    kind: 'counter',
    unit: '{minor_unit}',
    description: 'What went back, in cents',
  },
  completionDuration: {
    name: 'cartwheel.order.completion.duration',
    kind: 'histogram',
    unit: 's',
    description: 'From placed to completed',
    buckets: LONG,
  },
  openOrders: {
    name: 'cartwheel.order.open',
    kind: 'gauge',
    unit: '{order}',
    description: 'Orders that are placed, confirmed or refunding',
  },
  openOrdersOldestAge: {
    name: 'cartwheel.order.oldest.age',
    kind: 'gauge',
    unit: 's',
    description: 'How long ago the oldest of them was placed; of those that are refunding, when they began to be',
  },
  heldPayments: {
    name: 'cartwheel.payment.held',
    kind: 'gauge',
    unit: '{payment}',
    description: 'Payments that hold money, or are about to',
  },
  heldPaymentsOldestAge: {
    name: 'cartwheel.payment.oldest.age',
    kind: 'gauge',
    unit: 's',
    description: 'How long ago the oldest of them began',
  },
  reservations: {
    name: 'cartwheel.reservation.held',
    kind: 'gauge',
    unit: '{order}',
    description: 'Orders that stock is reserved for',
  },
  reservationsOldestAge: {
    name: 'cartwheel.reservation.oldest.age',
    kind: 'gauge',
    unit: 's',
    description: 'For how long the oldest of them has had it',
  },
} as const satisfies Record<string, Metric>;

/** Attributes of metrics and spans. */
export const attributes = {
  method: 'http.request.method',
  route: 'http.route',
  status: 'http.response.status_code',
  error: 'error.type',

  system: 'messaging.system',
  operation: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  partition: 'messaging.destination.partition.id',
  group: 'messaging.consumer.group.name',
  messageId: 'messaging.message.id',
  conversation: 'messaging.message.conversation_id',
  batch: 'messaging.batch.message_count',
  offset: 'messaging.kafka.offset',
  routingKey: 'messaging.rabbitmq.destination.routing_key',
  type: 'cloudevents.event_type',

  pool: 'db.client.connection.pool.name',
  connectionState: 'db.client.connection.state',
  serverAddress: 'server.address',
  serverPort: 'server.port',

  channel: 'cartwheel.channel',
  consumer: 'cartwheel.consumer',
  outcome: 'cartwheel.outcome',
  state: 'cartwheel.state',
  source: 'cartwheel.source',
  attempt: 'cartwheel.attempt',
  gatewayOperation: 'cartwheel.gateway.operation',
  circuit: 'cartwheel.circuit',
  currency: 'cartwheel.currency',
} as const;

/** As Prometheus knows it: the names of a metric's series. */
export function seriesOf({ name, kind }: Metric): string[] {
  const series = labelOf(name);
  if (kind === 'counter') return [`${series}_total`];
  return kind === 'gauge' ? [series] : [`${series}_bucket`, `${series}_sum`, `${series}_count`];
}

/** As Prometheus knows an attribute. */
export function labelOf(name: string): string {
  return name.replaceAll('.', '_');
}
