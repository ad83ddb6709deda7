import type { Topology } from '@cartwheel/messages';
import { delay } from '@cartwheel/primitives';
import kafkajs, { type Admin, type ConfigEntries, type Kafka } from 'kafkajs';

// Of the names that kafkajs exports Node finds the first few only.
const { ConfigResourceTypes, ConfigSource } = kafkajs;

/** A topic that is not as the topology wants it. `setting` is Kafka's name of it, or `partitions`. */
export type TopicDrift = {
  readonly topic: string;
  readonly setting: string;
  readonly is: string;
  readonly wanted: string;
};

type Names = Pick<Topology, 'topics'>;

/** Of a tenth of a second each. */
const ATTEMPTS = 200;

/**
 * Everything that is set on topics that exist, by topic. Any broker may answer, and one of three hears of a new topic a
 * moment after the controller made it: until then it is asked again. @throws when that takes longer than 20 s
 */
export async function settingsOf(admin: Admin, topics: readonly string[]): Promise<Map<string, ConfigEntries[]>> {
  const resources = topics.map((name) => ({ type: ConfigResourceTypes.TOPIC, name }));
  for (let attempt = 1; ; attempt += 1) {
    try {
      const described = await admin.describeConfigs({ includeSynonyms: false, resources });
      return new Map(described.resources.map(({ resourceName, configEntries }) => [resourceName, configEntries]));
    } catch (error) {
      if ((error as { type?: string }).type !== 'UNKNOWN_TOPIC_OR_PARTITION' || attempt === ATTEMPTS) throw error;
      await delay(100);
    }
  }
}

/** Of all that is known of a topic, what is set on the topic itself. */
export function ownSettings(entries: readonly ConfigEntries[]): Record<string, string> {
  const own = entries.filter(({ configSource }) => configSource === ConfigSource.TOPIC_CONFIG);
  return Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue]));
}

/**
 * What is different in the topics that exist: somebody changed them, or made them before the topology said so. A topic that
 * keeps its facts for a week loses them; one with more partitions has its keys in two places (docs/howto/growing-topics.md).
 * Needs the right to describe. @throws when the cluster cannot be reached
 */
export function topicDrift(kafka: Kafka, topology: Names): Promise<TopicDrift[]> {
  return asAdmin(kafka, async (admin) => (await driftOf(admin, topology)).drift);
}

/**
 * Gives the topics the settings of the topology; others that they have are kept. Needs administrator rights. Partitions are
 * not changed: that moves keys, and is for a person to do at a quiet time.
 * @returns what it mended, and what it left
 */
export function mendTopics(
  kafka: Kafka,
  topology: Names,
): Promise<{ readonly mended: TopicDrift[]; readonly left: TopicDrift[] }> {
  return asAdmin(kafka, async (admin) => {
    const { drift, own } = await driftOf(admin, topology);
    const left = drift.filter(({ setting }) => setting === 'partitions');
    const mended = drift.filter(({ setting }) => setting !== 'partitions');
    const resources = topology.topics
      .filter(({ name }) => mended.some(({ topic }) => topic === name))
      .map(({ name, config }) => ({
        type: ConfigResourceTypes.TOPIC,
        name,
        // This request replaces all settings of the topic: what is not named goes back to the broker's default.
        configEntries: Object.entries({ ...own.get(name), ...config }).map(([entry, value]) => ({
          name: entry,
          value,
        })),
      }));
    if (resources.length > 0) await admin.alterConfigs({ validateOnly: false, resources });
    return { mended, left };
  });
}

async function driftOf(admin: Admin, { topics }: Names) {
  const existing = new Set(await admin.listTopics());
  const present = topics.filter(({ name }) => existing.has(name));
  const own = new Map<string, Record<string, string>>();
  if (present.length === 0) return { drift: [], own };
  const names = present.map(({ name }) => name);
  const [metadata, settings] = await Promise.all([
    admin.fetchTopicMetadata({ topics: names }),
    settingsOf(admin, names),
  ]);
  const drift = present.flatMap(({ name, partitions, config }): TopicDrift[] => {
    const entries = settings.get(name) ?? [];
    own.set(name, ownSettings(entries));
    const valueOf = new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
    const count = metadata.topics.find((one) => one.name === name)?.partitions.length;
    return [
      { topic: name, setting: 'partitions', is: String(count), wanted: String(partitions) },
      ...Object.entries(config).map(([setting, wanted]) => ({
        topic: name,
        setting,
        is: valueOf.get(setting) ?? '',
        wanted,
      })),
    ].filter(({ is, wanted }) => is !== wanted);
  });
  return { drift, own };
}

async function asAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
