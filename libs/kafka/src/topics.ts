import type { Topology } from '@cartwheel/contracts';
import type { Kafka } from 'kafkajs';

/** Creates what is missing of the topology. Needs administrator rights. Returns how many topics were new. */
export async function createTopics(kafka: Kafka, topology: Topology): Promise<number> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const wanted = topology.topics.filter(({ name }) => !existing.has(name));
    if (wanted.length === 0) return 0;
    await admin.createTopics({
      waitForLeaders: true,
      timeout: 20_000,
      topics: wanted.map(({ name, partitions, config }) => ({
        topic: name,
        numPartitions: partitions,
        replicationFactor: -1,
        configEntries: Object.entries(config).map(([entry, value]) => ({ name: entry, value })),
      })),
    });
    return wanted.length;
  } finally {
    await admin.disconnect();
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
