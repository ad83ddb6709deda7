import { type ConsumerGroup, type TaskQueue, type Topology } from '@cartwheel/contracts';
import { type FactContext, FactInbox, type Locks, type TaskContext, TaskInbox } from '@cartwheel/inbox';
import { type Kafka, KafkaStrategy } from '@cartwheel/kafka';
import type { Logger } from '@cartwheel/observability';
import type { UnitOfWork, Wake } from '@cartwheel/outbox';
import type { Pool } from '@cartwheel/postgres';
import { type RabbitmqPublisher, RabbitmqStrategy } from '@cartwheel/rabbitmq';

/** One consumer group of a service. Its handlers are the `@EventPattern`s that name the same `transportId`. */
export type ConsumerDescription = {
  readonly group: ConsumerGroup;
  readonly transportId: symbol;
  readonly locks?: Locks;
};

/** The workers of one queue. */
export type WorkerDescription = { readonly queue: TaskQueue; readonly transportId: symbol; readonly prefetch: number };

export type Wiring = {
  readonly source: string;
  readonly topology: Topology;
  readonly pool: Pool;
  readonly wake: Wake;
  readonly unitOfWork: UnitOfWork;
  readonly logger: Logger;
  readonly onFatal: (reason: string) => void;
};

export function kafkaStrategy(wiring: Wiring, kafka: Kafka, { group, transportId, locks }: ConsumerDescription) {
  const { source, topology, pool, wake, logger, onFatal } = wiring;
  const inbox = new FactInbox({
    consumer: group,
    pool,
    origin: { source, topology },
    wake,
    locks,
    onEvent: (event, details) => logger[SEVERITY[event]](details, `fact ${event}`),
  });
  return new KafkaStrategy<FactContext>({
    kafka,
    groupId: topology.groupId(group),
    topics: topology.topicsOf(group),
    required: topology.topics.map(({ name }) => name),
    transportId,
    apply: (chunk, handlers, signal) => inbox.apply(chunk, handlers, signal),
    onEvent: (event, details) => logger[SEVERITY[event]](details, `kafka ${event}`),
    onFatal,
  });
}

export function rabbitmqStrategy(
  wiring: Wiring,
  { url, publisher }: { url: string; publisher: RabbitmqPublisher },
  { queue, transportId, prefetch }: WorkerDescription,
) {
  const { source, topology, pool, wake, unitOfWork, logger, onFatal } = wiring;
  const inbox = new TaskInbox({
    consumer: queue,
    pool,
    origin: { source, topology },
    unitOfWork,
    wake,
    onEvent: (event, details) => logger[SEVERITY[event]](details, `task ${event}`),
  });
  const name = topology.queue(queue);
  return new RabbitmqStrategy<TaskContext>({
    url,
    queue: name,
    retryQueue: (rung) => topology.retryQueue(name, rung),
    required: { exchange: topology.exchange, queues: topology.queues.map((declared) => declared.name) },
    prefetch,
    transportId,
    publisher,
    apply: (delivery, handlers, signal) => inbox.apply(delivery, handlers, signal),
    onEvent: (event, details) => logger[SEVERITY[event]](details, `rabbitmq ${event}`),
    onFatal,
  });
}

const SEVERITY = {
  duplicate: 'info',
  skipped: 'debug',
  failed: 'warn',
  dead: 'error',
  connected: 'info',
  disconnected: 'warn',
  repeating: 'warn',
} as const;
