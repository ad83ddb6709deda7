import type { Delivery } from '@cartwheel/contracts';
import { type Group, type Kafka, LagClock, type Position, positionsOf } from '@cartwheel/kafka';
import { repeatingTasks } from '@cartwheel/inbox';
import { attributes, type Logger, type Metric, metrics, observe, type Reading } from '@cartwheel/observability';
import { deadRows, waiting } from '@cartwheel/outbox';
import { setAsideCounts } from '@cartwheel/parking';
import { autocommit, type DataSource, type Queryable, poolOf } from '@cartwheel/postgres';
import { describeError } from '@cartwheel/primitives';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { observeSource } from './sampled.ts';

/** What a service wants to know of its own tables at every scrape. Cheap: an index finds what it counts. */
export type Sample = {
  readonly gauges: readonly Metric[];
  readonly read: (database: Queryable) => Promise<readonly Reading[]>;
};

/** What every service's tables tell. */
const platform: readonly Sample[] = [
  {
    gauges: [metrics.outboxMessages, metrics.outboxOldestAge],
    read: async (database) =>
      (await waiting(database)).flatMap(({ channel, messages, oldestAgeS }) => {
        const of = { [attributes.channel]: channel };
        return [
          { metric: metrics.outboxMessages, value: messages, attributes: of },
          { metric: metrics.outboxOldestAge, value: oldestAgeS, attributes: of },
        ];
      }),
  },
  {
    gauges: [metrics.outboxDeadRows],
    read: async (database) => [{ metric: metrics.outboxDeadRows, value: await deadRows(database) }],
  },
  {
    gauges: [metrics.parkedKeys, metrics.parkedMessages, metrics.deadLetters, metrics.deadLettersOldestAge],
    read: async (database) =>
      (await setAsideCounts(database)).flatMap(({ consumer, keys, parked, dead, oldestDeadAgeS }) => {
        const of = { [attributes.consumer]: consumer };
        return [
          { metric: metrics.parkedKeys, value: keys, attributes: of },
          { metric: metrics.parkedMessages, value: parked, attributes: of },
          { metric: metrics.deadLetters, value: dead, attributes: of },
          { metric: metrics.deadLettersOldestAge, value: oldestDeadAgeS, attributes: of },
        ];
      }),
  },
];

/** What the tables of a service with workers tell beside that. */
export const tasks: Sample = {
  gauges: [metrics.repeatingTasks],
  read: async (database) =>
    (await repeatingTasks(database)).map(({ type, tasks: value }) => ({
      metric: metrics.repeatingTasks,
      value,
      attributes: { [attributes.type]: type },
    })),
};

export function observeDatabase(dataSource: DataSource, own: readonly Sample[], logger: Logger): void {
  const samples = [...platform, ...own];
  observeSource({
    name: 'postgresql',
    gauges: samples.flatMap(({ gauges }) => gauges),
    // One after the other: looking at a service must not take its connections.
    read: async () => {
      const readings: Reading[] = [];
      for (const { read } of samples) readings.push(...(await read(autocommit(dataSource))));
      return readings;
    },
    onError: (error) => logger.warn({ source: 'postgresql', ...describeError(error) }, 'metrics are missing'),
  });
  observe([metrics.poolConnections, metrics.poolMax, metrics.poolPending], () => {
    if (!dataSource.isInitialized) return [];
    const pool = poolOf(dataSource);
    const of = { [attributes.pool]: 'postgresql' };
    const count = (state: string, value: number) => ({
      metric: metrics.poolConnections,
      value,
      attributes: { ...of, [attributes.connectionState]: state },
    });
    return [
      count('idle', pool.idleCount),
      count('used', pool.totalCount - pool.idleCount),
      { metric: metrics.poolMax, value: pool.options.max, attributes: of },
      { metric: metrics.poolPending, value: pool.waitingCount, attributes: of },
    ];
  });
}

const EVERY_MS = 20;

export function observeEventLoop(): void {
  const delay = monitorEventLoopDelay({ resolution: EVERY_MS });
  // It measures from one timer to the next: what is above their distance is the delay.
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - EVERY_MS / 1e3);
  delay.enable();
  observe([metrics.eventLoopDelayP99, metrics.eventLoopDelayMax], () => {
    const readings = [
      { metric: metrics.eventLoopDelayP99, value: late(delay.percentile(99)) },
      { metric: metrics.eventLoopDelayMax, value: late(delay.max) },
    ];
    delay.reset();
    return readings;
  });
}

type LaggingGroup = Group & { readonly consumer: string };

/**
 * How far the groups of this process are behind, in messages and in seconds. Every instance of a service shows the whole
 * group's: a panel takes the maximum.
 */
export class LagWatch {
  readonly #admin;
  readonly #groups = new Map<string, LaggingGroup & { readonly clocks: Map<string, LagClock> }>();
  #isConnected = false;

  constructor(kafka: Kafka) {
    this.#admin = kafka.admin();
  }

  /** From now on `groupId` is watched. Returns how to stop that. */
  add(group: LaggingGroup): () => void {
    this.#groups.set(group.groupId, { ...group, clocks: new Map() });
    return () => this.#groups.delete(group.groupId);
  }

  /** The group begins with a chunk, of which this is the first record. One that is no longer watched may do so once more. */
  begin(groupId: string, first: Delivery): void {
    if (first.timestamp === undefined) return;
    this.#clockOf(groupId, first.topic, first.partition!)?.begin(Number(first.offset), Date.parse(first.timestamp));
  }

  start(logger: Logger): void {
    observeSource({
      name: 'kafka',
      gauges: [metrics.lag, metrics.lagAge],
      read: () => this.#read(),
      onError: (error) => logger.warn({ source: 'kafka', ...describeError(error) }, 'metrics are missing'),
    });
  }

  async close(): Promise<void> {
    // Who still waits for the brokers has nothing to close.
    if (this.#isConnected) await this.#admin.disconnect();
  }

  async #read(): Promise<Reading[]> {
    if (!this.#isConnected) await this.#admin.connect();
    this.#isConnected = true;
    const positions = await positionsOf(this.#admin, [...this.#groups.values()]);
    const now = Date.now();
    // A group may have gone while its position was asked for.
    const watched = positions.filter(({ groupId }) => this.#groups.has(groupId));
    const perTopic = Map.groupBy(watched, ({ groupId, topic }) => `${groupId} ${topic}`);
    return [...perTopic.values()].flatMap((partitions) => {
      const { groupId, topic } = partitions[0]!;
      const { consumer } = this.#groups.get(groupId)!;
      const of = { [attributes.group]: consumer, [attributes.destination]: topic };
      return [
        { metric: metrics.lag, value: partitions.reduce((sum, { next, end }) => sum + end - next, 0), attributes: of },
        { metric: metrics.lagAge, value: Math.max(...partitions.map((one) => this.#age(one, now))), attributes: of },
      ];
    });
  }

  #age(position: Position, now: number): number {
    return this.#clockOf(position.groupId, position.topic, position.partition)!.age(position, now);
  }

  #clockOf(groupId: string, topic: string, partition: number): LagClock | undefined {
    const clocks = this.#groups.get(groupId)?.clocks;
    const name = `${topic} ${partition}`;
    const clock = clocks?.get(name) ?? new LagClock();
    clocks?.set(name, clock);
    return clocks && clock;
  }
}
