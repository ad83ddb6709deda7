import { type Topology, topology as topologyOf } from '@cartwheel/contracts';
import { createKafka, createTopics, mendTopics, type Replication, setMinInsync } from '@cartwheel/kafka';
import { declareTopology } from '@cartwheel/rabbitmq';
import { type DatabaseUrls, prepareDatabase, type Server, type ServiceName, services } from './databases.ts';

export type SetupTarget = {
  readonly postgres: Server;
  readonly kafkaBrokers: readonly string[];
  readonly rabbitmqUrl: string;
  readonly namespace: string;
  /** 12 unless told otherwise; Kafka keeps what a topic was created with. */
  readonly partitions?: number;
  /** Of the topics; left out: as the brokers say. */
  readonly replication?: Replication;
  /** Of the services' database roles; random where left out. */
  readonly passwords?: Partial<Record<ServiceName, string>>;
};

/**
 * Creates databases, roles, tables, seed, topics, exchange and queues: everything that needs administrator rights. Safe to
 * repeat: what is there stays, except for settings of topics that are not as they should be. `warn` is told what a person should know of the topics.
 */
export async function setUp(
  target: SetupTarget,
  warn: (sentence: string) => void,
): Promise<Record<ServiceName, DatabaseUrls>> {
  const topology = topologyOf(
    target.namespace,
    target.partitions === undefined ? {} : { partitions: target.partitions },
  );
  const [databases] = await Promise.all([
    Promise.all(
      services.map(async (service) => {
        const urls = await prepareDatabase(target.postgres, service, target.namespace, target.passwords?.[service]);
        return [service, urls] as const;
      }),
    ),
    prepareTopics(target, topology, warn),
    declareTopology(target.rabbitmqUrl, topology),
  ]);
  return Object.fromEntries(databases) as Record<ServiceName, DatabaseUrls>;
}

async function prepareTopics(
  { kafkaBrokers, replication }: SetupTarget,
  topology: Topology,
  warn: (sentence: string) => void,
): Promise<void> {
  const kafka = createKafka(kafkaBrokers, 'set-up');
  await createTopics(kafka, topology, replication);
  const { mended, left } = await mendTopics(kafka, topology);
  for (const { topic, setting, is, wanted } of mended) warn(`${topic}: ${setting} was ${is}, and is ${wanted} again`);
  for (const { topic, is, wanted } of left)
    warn(`${topic} has ${is} partitions, not ${wanted}: docs/howto/growing-topics.md says what that means`);
  for (const sentence of await setMinInsync(kafka, topology, replication)) warn(sentence);
}
