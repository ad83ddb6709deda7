import { consumerOf, groupOf } from './generation.ts';

/** The retry ladder: a failed task waits on rung 1, 2, 3 … and then stays on the last. One fixed delay per queue, so that no
 * short wait stands behind a long one. */
export const retryRungs = [
  { name: '1s', delayMs: 1_000 },
  { name: '5s', delayMs: 5_000 },
  { name: '30s', delayMs: 30_000 },
  { name: '5m', delayMs: 300_000 },
] as const;

/** A crash loop ends here, on the broker; ordinary failures are counted by us, in a header (docs/decisions/0005). */
const DELIVERY_LIMIT = 20;
/** A dead queue has nowhere to hand over to: at its limit, from RabbitMQ 4.0 on 20 unless another is set, it would drop the
 * task. -1 means none there; 3.10 drops at the first return with it. */
const NEVER = 1_000_000_000;

const MESSAGE_MAX_BYTES = 1_000_000;
/** A dead letter is its original plus a description of the failure. */
const DEAD_LETTER_MAX_BYTES = 2_000_000;

/** Said one by one, so that a broker's own defaults do not decide: facts are never dropped, thinned out or packed anew. */
const KEPT_FOR_EVER = {
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'retention.bytes': '-1',
  'compression.type': 'producer',
  'message.timestamp.type': 'CreateTime',
};

/** What the names of a topology are made from. */
export type Places<Topic extends string, Group extends string, Queue extends string> = {
  /** The topics that facts go to. */
  readonly topics: readonly Topic[];
  /** How many partitions set-up gives a topic. */
  readonly partitions: number;
  /** Which consumer group reads which topics. */
  readonly groups: Readonly<Record<Group, readonly NoInfer<Topic>[]>>;
  /** The queues that tasks go to. */
  readonly queues: readonly Queue[];
};

/**
 * The one source of every name on both brokers, with the arguments they are declared with. All names carry the namespace,
 * so that two systems share a broker without meeting; services, set-up, tests and checker ask here.
 */
export type Topology<Topic extends string = string, Group extends string = string, Queue extends string = string> = {
  readonly namespace: string;
  topic(name: Topic): string;
  topicsOf(consumer: Group): string[];
  groupId(group: Group, generation?: number): string;
  readonly consumers: readonly Group[];
  deadLetterTopic(topic: string, consumer: string): string;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: number;
    readonly config: Readonly<Record<string, string>>;
  }[];
  readonly exchange: string;
  queue(name: Queue): string;
  /** `rung` is from 0. */
  retryQueue(queue: string, rung: number): string;
  deadQueue(queue: string): string;
  readonly queues: readonly {
    readonly name: string;
    readonly binding: string | undefined;
    readonly arguments: Readonly<Record<string, string | number>>;
  }[];
};

/** RabbitMQ answers 406 to a queue that is declared again with other arguments: these are final. */
export function topologyOf<Topic extends string, Group extends string, Queue extends string>(
  places: Places<Topic, Group, Queue>,
  namespace = '',
  partitions = places.partitions,
): Topology<Topic, Group, Queue> {
  const named = (name: string) => (namespace === '' ? name : `${namespace}.${name}`);
  const consumers = Object.keys(places.groups) as Group[];
  // A rebuild's dead letters go where its projection's go: no topic is made for it.
  const deadLetterTopic = (topic: string, consumer: string) => `${topic}.${groupOf(consumer)}.dlq`;
  const deadQueue = (queue: string) => `${queue}.dead`;
  const topic = (name: Topic) => named(name);
  const quorum = { 'x-queue-type': 'quorum' };

  return {
    namespace,
    topic,
    topicsOf: (consumer) => places.groups[consumer].map(topic),
    groupId: (group, generation) => named(consumerOf(group, generation)),
    consumers,
    deadLetterTopic,
    topics: [
      ...places.topics.map((name) => ({
        name: topic(name),
        partitions,
        config: { ...KEPT_FOR_EVER, 'max.message.bytes': String(MESSAGE_MAX_BYTES) },
      })),
      ...consumers.flatMap((consumer) =>
        places.groups[consumer].map((name) => ({
          name: deadLetterTopic(topic(name), consumer),
          partitions: 1,
          config: { ...KEPT_FOR_EVER, 'max.message.bytes': String(DEAD_LETTER_MAX_BYTES) },
        })),
      ),
    ],
    exchange: named('tasks'),
    queue: named,
    retryQueue: (queue, rung) => `${queue}.retry.${retryRungs[rung]!.name}`,
    deadQueue,
    queues: places.queues.flatMap((name) => {
      const work = named(name);
      // At-least-once dead-lettering needs reject-publish; the quorum default is at-most-once, and a hop could lose a task.
      const handOver = (to: string) => ({
        ...quorum,
        'x-dead-letter-exchange': '',
        'x-dead-letter-routing-key': to,
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish',
      });
      return [
        {
          name: work,
          binding: `${name}.*`,
          arguments: { ...handOver(deadQueue(work)), 'x-delivery-limit': DELIVERY_LIMIT },
        },
        ...retryRungs.map((rung) => ({
          name: `${work}.retry.${rung.name}`,
          binding: undefined,
          arguments: { ...handOver(work), 'x-message-ttl': rung.delayMs },
        })),
        {
          name: deadQueue(work),
          binding: undefined,
          arguments: { ...quorum, 'x-delivery-limit': NEVER },
        },
      ];
    }),
  };
}
