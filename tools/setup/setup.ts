import { type Topology, topology as topologyOf } from '@cartwheel/contracts';
import { createKafka, createTopics, type Replication, setMinInsync } from '@cartwheel/kafka';
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
 * repeat: what is there stays, except for `min.insync.replicas`. `warn` is told what a person should know of the topics.
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
  for (const sentence of await setMinInsync(kafka, topology, replication)) warn(sentence);
}
