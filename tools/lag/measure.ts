/** Where one partition of a topic begins and ends, and how far a group has come in it. Offsets are counts of records. */
export type PartitionSample = {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly low: number;
  /** The offset that the next record will get. */
  readonly high: number;
  /** The next that the group will read; -1: it has never said. */
  readonly committed: number;
};

/** One look at all groups. */
export type Sample = { readonly atMs: number; readonly partitions: readonly PartitionSample[] };

export type Row = {
  readonly group: string;
  readonly topic: string;
  readonly partitions: number;
  /** How many of them have something left to read. */
  readonly behind: number;
  /** Messages that are there and not read. */
  readonly lag: number;
  /** Messages per second, between the two looks. */
  readonly inRate: number;
  readonly outRate: number;
  /** Until nothing is left, at these rates: seconds, or `never` when as much comes in as goes out. */
  readonly drainedIn: number | 'never';
};

/** A group that has never committed reads from the beginning (`fromBeginning`, libs/kafka/src/kafka.strategy.ts). */
export function lagOf({ low, high, committed }: PartitionSample): number {
  return Math.max(0, high - Math.max(low, committed));
}

/** A row per group and topic, in the order of `now`. Without a look `before` there are no rates. */
export function measure(before: Sample | undefined, now: Sample): Row[] {
  const seconds = before ? (now.atMs - before.atMs) / 1_000 : 0;
  const earlier = new Map(before?.partitions.map((one) => [placeOf(one), one]));
  const groups = Map.groupBy(now.partitions, ({ group, topic }) => `${group} ${topic}`);
  return [...groups.values()].map((partitions) => {
    const sum = (of: (one: PartitionSample) => number) => partitions.reduce((total, one) => total + of(one), 0);
    const perSecond = (of: (one: PartitionSample) => number) =>
      seconds > 0
        ? Math.max(
            0,
            sum((one) => of(one) - of(earlier.get(placeOf(one)) ?? one)),
          ) / seconds
        : 0;
    const lag = sum(lagOf);
    const inRate = perSecond(({ high }) => high);
    const outRate = perSecond((one) => one.high - lagOf(one));
    const { group, topic } = partitions[0]!;
    return {
      group,
      topic,
      partitions: partitions.length,
      behind: partitions.filter((one) => lagOf(one) > 0).length,
      lag,
      inRate,
      outRate,
      drainedIn: drainedIn(lag, outRate - inRate),
    };
  });
}

/** How long it takes until `lag` messages are read when `perSecond` more go than come. */
export function drainedIn(lag: number, perSecond: number): number | 'never' {
  if (lag === 0) return 0;
  return perSecond > 0 ? lag / perSecond : 'never';
}

function placeOf({ group, topic, partition }: PartitionSample): string {
  return `${group} ${topic} ${partition}`;
}
