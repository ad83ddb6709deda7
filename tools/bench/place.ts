import { topology as topologyOf, type Topology } from '@cartwheel/contracts';
import { createKafka, createTopics } from '@cartwheel/kafka';
import { declareTopology } from '@cartwheel/rabbitmq';
import { connect } from 'amqplib';
import pg from 'pg';
import { prepareDatabase } from '../setup/databases.ts';
import type { Addresses } from '../stack/interface.ts';

/** A database, topics and queues of their own, as the payment service has them: it has every kind of step. */
export type Place = {
  readonly namespace: string;
  readonly kafkaBrokers: readonly string[];
  readonly rabbitmqUrl: string;
  /** `service`: with the service's own, small rights. */
  readonly database: { readonly admin: string; readonly service: string };
};

export const topologyAt = ({ namespace }: Place): Topology => topologyOf(namespace);

export async function prepare(addresses: Addresses, namespace: string): Promise<Place> {
  const topology = topologyOf(namespace);
  const [database] = await Promise.all([
    prepareDatabase(addresses.postgres, 'payment', namespace),
    createTopics(createKafka(addresses.kafka.brokers, 'bench'), topology),
    declareTopology(addresses.rabbitmq.url, topology),
  ]);
  const place = {
    namespace,
    kafkaBrokers: addresses.kafka.brokers,
    rabbitmqUrl: addresses.rabbitmq.url,
    database,
  };
  // What a handler's one small statement writes.
  await asAdmin(
    place,
    `CREATE TABLE bench_effects (effect_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, subject text NOT NULL);
     GRANT INSERT ON bench_effects TO PUBLIC`,
  );
  return place;
}

/** Takes it all away again: the engines may not be ours. */
export async function remove(addresses: Addresses, { namespace, database, rabbitmqUrl }: Place): Promise<void> {
  const topology = topologyOf(namespace);
  const kafka = createKafka(addresses.kafka.brokers, 'bench').admin();
  await kafka.connect();
  await kafka.deleteTopics({ topics: topology.topics.map(({ name }) => name) }).finally(() => kafka.disconnect());
  const rabbitmq = await connect(rabbitmqUrl);
  const channel = await rabbitmq.createChannel();
  for (const { name } of topology.queues) await channel.deleteQueue(name);
  await channel.deleteExchange(topology.exchange);
  await rabbitmq.close();
  const { user, password, host, port } = addresses.postgres;
  const client = new pg.Client({ user, password, host, port, database: 'postgres' });
  await client.connect();
  const name = new URL(database.admin).pathname.slice(1);
  await client.query(`DROP DATABASE "${name}" WITH (FORCE)`);
  await client.query(`DROP ROLE "${name}"`);
  await client.end();
}

/** One or several statements with administrator rights. */
export async function asAdmin(place: Place, sql: string, parameters?: unknown[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: place.database.admin });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql, parameters);
    return rows ?? [];
  } finally {
    await client.end();
  }
}
