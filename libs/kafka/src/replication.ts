import type { Topology } from '@cartwheel/messages';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { ownSettings, settingsOf } from './topic-settings.ts';
import { leadersElected, type Replication } from './topics.ts';

// Of the names that kafkajs exports Node finds the first few only.
const { ConfigResourceTypes } = kafkajs;

const MIN_INSYNC = 'min.insync.replicas';
/** Of a cluster that is asked for copies of its records; below, everything is on one disk anyway. */
const CLUSTER = 3;

/**
 * Says on each topic of the topology how many brokers must have a record before it is confirmed: a producer that waits for
 * `all` waits for those in sync, and without this that may be one. Needs administrator rights; topics must be there.
 * Returns what a person should know, a sentence each.
 */
export async function setMinInsync(
  kafka: Kafka,
  topology: Topology,
  { minInsync }: Pick<Replication, 'minInsync'> = {},
): Promise<string[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const names = topology.topics.map(({ name }) => name);
    const topics = await leadersElected(admin, names);
    const copies = new Map(
      topics.map(({ name, partitions }) => [name, Math.min(...partitions.map(({ replicas }) => replicas.length))]),
    );
    const wantedOf = (name: string) => String(minInsyncOf(copies.get(name)!, minInsync));
    await setOnTopics(admin, names, wantedOf);
    const { brokers } = await admin.describeCluster();
    const single = names.filter((name) => copies.get(name) === 1);
    if (brokers.length < CLUSTER || single.length === 0) return [];
    return [
      `On ${brokers.length} Kafka brokers these topics have one copy: ${single.join(', ')}. While the broker that holds ` +
        'a partition of them is away, nobody reads or writes it; if its disk is lost, so are the facts. New topics get ' +
        'more with KAFKA_REPLICATION_FACTOR=3, those that are there with kafka-reassign-partitions; then run set-up again.',
    ];
  } finally {
    await admin.disconnect();
  }
}

/** How many of a topic's copies must have a record. More than there are, and nothing could be written at all. */
export function minInsyncOf(copies: number, configured = copies >= CLUSTER ? 2 : 1): number {
  return Math.min(configured, copies);
}

/** kafkajs can only replace all that is set on a topic: what is there is read first and goes along. */
async function setOnTopics(admin: Admin, names: readonly string[], wantedOf: (name: string) => string) {
  const settings = await settingsOf(admin, names);
  const resources = [...settings].flatMap(([name, entries]) => {
    const own = ownSettings(entries);
    const wanted = wantedOf(name);
    if (own[MIN_INSYNC] === wanted) return [];
    const configEntries = Object.entries({ ...own, [MIN_INSYNC]: wanted }).map(([entry, value]) => ({
      name: entry,
      value,
    }));
    return { type: ConfigResourceTypes.TOPIC, name, configEntries };
  });
  if (resources.length > 0) await admin.alterConfigs({ validateOnly: false, resources });
}
