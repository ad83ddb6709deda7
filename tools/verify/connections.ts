import { topology as topologyOf, type Topology } from '@cartwheel/contracts';
import { createKafka, type Kafka } from '@cartwheel/kafka';
import { type Channel, type ChannelModel, connect as connectRabbitmq } from 'amqplib';
import type { Admin } from 'kafkajs';
import pg from 'pg';
import { Friendly } from '../stack/friendly.ts';
import { type ServiceName, serviceNames, type Target } from './target.ts';

/** Open connections to everything that has a protocol of its own. */
export type Connections = {
  readonly target: Target;
  readonly topology: Topology;
  readonly databases: Readonly<Record<ServiceName, pg.Client>>;
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly rabbitmq: Channel;
  close(): Promise<void>;
};

/** @throws Friendly naming the first that does not answer. */
export async function connect(target: Target): Promise<Connections> {
  const databases = Object.fromEntries(serviceNames.map((name) => [name, clientOf(target.databases[name])])) as Record<
    ServiceName,
    pg.Client
  >;
  const kafka = createKafka(target.kafkaBrokers, 'verify');
  const admin = kafka.admin();
  let rabbitmq: ChannelModel | undefined;
  const close = async () => {
    await Promise.allSettled([
      ...Object.values(databases).map((client) => client.end()),
      admin.disconnect(),
      rabbitmq?.close(),
    ]);
  };
  const opening = [
    answering('Kafka', target.kafkaBrokers.join(', '), admin.connect()),
    ...serviceNames.map((name) =>
      answering(`The ${name} database`, hostOf(target.databases[name]), databases[name].connect()),
    ),
  ];
  const channel = openChannel(target.rabbitmqUrl, (connection) => (rabbitmq = connection));
  // All, also after a failure: what opens later must be closed too.
  const failed = (await Promise.allSettled([...opening, channel])).find((outcome) => outcome.status === 'rejected');
  if (failed) {
    await close();
    throw failed.reason;
  }
  return { target, topology: topologyOf(target.namespace), databases, kafka, admin, rabbitmq: await channel, close };
}

/** Says in one sentence what did not answer; a driver's own message may hold an address with a password. */
export async function answering<T>(what: string, where: string, work: PromiseLike<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Friendly) throw error;
    throw new Friendly(`${what} at ${where} cannot be read: ${reasonOf(error)}. Is the shop running?`);
  }
}

function reasonOf(error: unknown): string {
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  const { message = '', code } = root as { message?: string; code?: unknown };
  const reason = message === '' || /:\/\/|@/.test(message) ? String(code ?? 'no answer') : message;
  return reason.split('\n')[0]!.replace(/\.$/, '');
}

/** Like `Promise.all`, but nobody is still reading when it throws: a connection used while it is closed may stay open. */
export async function allDone<T extends readonly Promise<unknown>[]>(work: readonly [...T]) {
  await Promise.allSettled(work);
  return Promise.all(work);
}

export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'an address that is no URL';
}

async function openChannel(url: string, opened: (connection: ChannelModel) => void): Promise<Channel> {
  const connection = await answering(
    'RabbitMQ',
    hostOf(url),
    connectRabbitmq(url, { timeout: 5_000, clientProperties: { connection_name: 'verify' } }),
  );
  opened(connection);
  // Without listeners an 'error' ends the process; the call that was under way reports it.
  connection.on('error', () => undefined);
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  return channel;
}

function clientOf(connectionString: string): pg.Client {
  const options = '-c default_transaction_read_only=on -c statement_timeout=60000';
  const client = new pg.Client({
    connectionString,
    application_name: 'verify',
    connectionTimeoutMillis: 5_000,
    options,
  });
  client.on('error', () => undefined);
  return client;
}
