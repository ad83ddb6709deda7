import type { Topology } from '@cartwheel/messages';
import { delay } from '@cartwheel/primitives';
import type { Admin, ITopicMetadata, Kafka } from 'kafkajs';

/** Of a tenth of a second each. */
const ATTEMPTS = 200;

export type Replication = {
  /** How many copies a new topic gets; left out: as many as the brokers say (`default.replication.factor`). */
  readonly factor?: number;
  /** How many of them must have a record before it is confirmed; left out: 2 of three or more copies, else 1. */
  readonly minInsync?: number;
};

/** Creates what is missing of the topology. Needs administrator rights. Returns how many topics were new. */
export async function createTopics(
  kafka: Kafka,
  topology: Topology,
  { factor = -1 }: Pick<Replication, 'factor'> = {},
): Promise<number> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const wanted = topology.topics.filter(({ name }) => !existing.has(name));
    if (wanted.length === 0) return 0;
    await admin.createTopics({
      // kafkajs waits with a metadata request that a topic of a moment ago may still fail: we wait ourselves.
      waitForLeaders: false,
      timeout: 20_000,
      topics: wanted.map(({ name, partitions, config }) => ({
        topic: name,
        numPartitions: partitions,
        // -1: as the brokers say.
        replicationFactor: factor,
        configEntries: Object.entries(config).map(([entry, value]) => ({ name: entry, value })),
      })),
    });
    await leadersElected(
      admin,
      wanted.map(({ name }) => name),
    );
    return wanted.length;
  } finally {
    await admin.disconnect();
  }
}

/** What is known of these topics, once each of their partitions has a leader. */
export async function leadersElected(admin: Admin, topics: string[]): Promise<ITopicMetadata[]> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await admin.fetchTopicMetadata({ topics }).catch((error: unknown) => {
      if (attempt === ATTEMPTS) throw error;
      return undefined;
    });
    const elected = answer?.topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0));
    if (answer && elected) return answer.topics;
    if (attempt === ATTEMPTS) throw new Error(`no leader was elected for ${topics.join(', ')}`);
    await delay(100);
  }
}

/** Those of `names` that the cluster does not have. Throws when the cluster cannot be reached. */
export async function missingTopics(kafka: Kafka, names: readonly string[]): Promise<string[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    return names.filter((name) => !existing.has(name));
  } finally {
    await admin.disconnect();
  }
}

/** Where one partition begins and ends. @throws when the cluster cannot be reached, or does not have it */
export async function offsetsOf(
  kafka: Kafka,
  topic: string,
  partition: number,
): Promise<{ readonly low: bigint; readonly high: bigint }> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const found = (await admin.fetchTopicOffsets(topic)).find((one) => one.partition === partition);
    if (!found) throw new Error(`${topic} has no partition ${partition}`);
    return { low: BigInt(found.low), high: BigInt(found.high) };
  } finally {
    await admin.disconnect();
  }
}
