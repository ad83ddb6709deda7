import { type ConsumerGroup, consumerOf, contracts, type TaskQueue, type Topology } from '@cartwheel/contracts';
import {
  type FactHandlers,
  FactInbox,
  type Handlers,
  type Locks,
  noteGone,
  stepOver,
  type TaskHandlers,
  TaskInbox,
} from '@cartwheel/inbox';
import { type Kafka, KafkaStrategy } from '@cartwheel/kafka';
import type { Logger } from '@cartwheel/observability';
import type { UnitOfWork, Wake } from '@cartwheel/outbox';
import { parking, Retrier } from '@cartwheel/parking';
import type { DataSource } from '@cartwheel/postgres';
import { describeError } from '@cartwheel/primitives';
import { type RabbitmqPublisher, RabbitmqStrategy, type RabbitmqStrategyOptions } from '@cartwheel/rabbitmq';
import { Announcing } from './announcing.ts';
import { handledOf, handlersOf } from './handlers-of.ts';
import {
  asOf,
  noteOutcome,
  observedChunk,
  observedFactHandlers,
  observedTask,
  observedTaskHandlers,
} from './observed-messages.ts';
import { factsTransport, tasksTransport } from './on-fact.ts';
import type { Progress } from './progress.ts';
import type { LagWatch } from './samples.ts';

/** One consumer group of a service. Its handlers are the `@OnFact`s that name it, or no group if it has the service's name. */
export type ConsumerDescription = {
  readonly group: ConsumerGroup;
  readonly locks?: Locks;
  /** A rebuild reads the same topics beside the others, as a group of its own. */
  readonly generation?: number;
};

/** The workers of one queue: the `@OnTask`s whose task is in it. `prefetch`: how many tasks it has at a time. */
export type WorkerDescription = { readonly queue: TaskQueue; readonly prefetch: number };

export type Wiring = {
  readonly source: string;
  readonly topology: Topology;
  readonly dataSource: DataSource;
  readonly wake: Wake;
  readonly unitOfWork: UnitOfWork;
  readonly logger: Logger;
  readonly lagWatch: LagWatch;
  readonly progress: Progress;
  /** How long a handler may take, in ms; of a worker, between two of its transactions. */
  readonly deadlines: { readonly handlerMs: number; readonly workerMs: number };
  readonly onFatal: (reason: string) => void;
};

/** A consumer group: what consumes its topics, and what tries again the facts that it has parked. */
export function factConsumer(wiring: Wiring, kafka: Kafka, description: ConsumerDescription) {
  const transportId = factsTransport(description.group === wiring.source ? undefined : description.group);
  const { source, topology, dataSource, wake, logger, lagWatch, progress, deadlines, onFatal } = wiring;
  const { group, locks, generation } = description;
  const consumer = consumerOf(group, generation);
  const groupId = topology.groupId(group, generation);
  const topics = topology.topicsOf(group);
  const inbox = new FactInbox({
    consumer,
    dataSource,
    origin: { source, contracts, topology },
    wake,
    locks,
    parking,
    deadlineMs: deadlines.handlerMs,
    onEvent: (event, details, delivery) => {
      noteOutcome(consumer, event, {});
      asOf(delivery, () => logger[SEVERITY[event]](details, `fact ${event}`));
      if (event === 'parked') retrier.ring();
    },
  });
  const strategy = new KafkaStrategy({
    kafka,
    groupId,
    topics,
    required: topology.topics.map(({ name }) => name),
    transportId,
    apply: async (chunk, signal) => {
      lagWatch.begin(groupId, chunk[0]!);
      await announcing.ready();
      await progress.during((moved) =>
        observedChunk(consumer, chunk, () => inbox.apply(chunk, moving(handlers, moved), signal)),
      );
    },
    stepOver: (batch) => stepOver({ dataSource, consumer, parking }, batch),
    onGone: (gone) => noteGone({ dataSource, consumer, parking }, gone),
    onEvent: (event, details) => {
      noteOutcome(consumer, event, {});
      logger[SEVERITY[event]](details, `kafka ${event}`);
    },
    onFatal,
  });
  const handlers: FactHandlers = observedFactHandlers(handlersOf(strategy), consumer);
  const retrier = new Retrier({
    consumer,
    dataSource,
    topology,
    inbox: { attempt: (...of) => progress.during(() => inbox.attempt(...of)) },
    handlers,
    wake,
    onEvent: (event, details, delivery) => {
      noteOutcome(consumer, `retry ${event}`, {});
      asOf(delivery, () => logger[SEVERITY[event]](details, `parked fact ${event}`));
    },
  });
  const announcing = new Announcing({
    announce: () => inbox.announce(handledOf(strategy)),
    onError: (error) => logger.warn({ consumer, ...describeError(error) }, 'cannot say what is handled here'),
  });
  const unwatch = lagWatch.add({ consumer, groupId, topics });
  return { strategy, retrier, announcing, unwatch };
}

/** The same handlers, which say when one begins. */
function moving<Context>(handlers: Handlers<Context>, moved: () => void): Handlers<Context> {
  return {
    has: (type) => handlers.has(type),
    handle(type, data, context) {
      moved();
      return handlers.handle(type, data, context);
    },
  };
}

/** The workers of a queue, and what empties its `.dead` queue. */
export function taskWorker(
  wiring: Wiring,
  { url, publisher }: { url: string; publisher: RabbitmqPublisher },
  { queue, prefetch }: WorkerDescription,
) {
  const { source, topology, dataSource, wake, unitOfWork, logger, progress, deadlines, onFatal } = wiring;
  const inbox = new TaskInbox({
    consumer: queue,
    dataSource,
    origin: { source, contracts, topology },
    unitOfWork,
    wake,
    parking,
    deadlineMs: deadlines.workerMs,
    onEvent: (event, details) => {
      noteOutcome(queue, event, details);
      logger[SEVERITY[event]](details, `task ${event}`);
    },
  });
  const name = topology.queue(queue);
  const broker: Omit<RabbitmqStrategyOptions, 'queue' | 'apply' | 'prefetch' | 'transportId'> = {
    url,
    giveUp: (delivery, reason, signal) => inbox.giveUp({ ...delivery, topic: name }, reason, signal),
    retryQueue: (rung) => topology.retryQueue(name, rung),
    required: { exchange: topology.exchange, queues: topology.queues.map((declared) => declared.name) },
    publisher,
    onEvent: (event, details) => {
      noteOutcome(queue, event, {});
      logger[SEVERITY[event]](details, `rabbitmq ${event}`);
    },
    onFatal,
  };
  const strategy = new RabbitmqStrategy({
    ...broker,
    queue: name,
    prefetch,
    transportId: tasksTransport(queue),
    apply: (delivery, signal) =>
      progress.during((moved) => observedTask(delivery, () => inbox.apply(delivery, handlers, signal, moved))),
  });
  const handlers: TaskHandlers = observedTaskHandlers(handlersOf(strategy), queue);
  // The same care for a message, and no handler: what lies there becomes a dead row of the work queue.
  const drainer = new RabbitmqStrategy({
    ...broker,
    queue: topology.deadQueue(name),
    prefetch: 1,
    transportId: Symbol(`the drainer of ${queue}`),
    apply: (delivery, signal) =>
      progress.during((moved) =>
        observedTask(delivery, () => inbox.drain({ ...delivery, topic: name }, signal, moved)),
      ),
  });
  return { strategy, drainer };
}

const SEVERITY = {
  duplicate: 'info',
  skipped: 'debug',
  failed: 'warn',
  parked: 'warn',
  divided: 'info',
  waiting: 'info',
  applied: 'info',
  elsewhere: 'info',
  dead: 'error',
  connected: 'info',
  disconnected: 'warn',
  repeating: 'warn',
  undecodable: 'error',
  gone: 'error',
} as const;
