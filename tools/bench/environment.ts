import { connect } from 'amqplib';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Stack } from '../stack/interface.ts';

/** The machine and the versions, in one sentence each. */
export async function environment({ provider, addresses }: Stack): Promise<string[]> {
  const cores = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return [
    `${cores.length} cores (${cores[0]?.model.trim() ?? 'unknown'}), ${memory} GiB, ${process.platform} ${process.arch}`,
    `Node ${process.versions.node}, PostgreSQL ${await postgresVersion(addresses)}, ` +
      `Kafka${provider === 'native' ? ` ${kafkaVersion()}` : ''}, RabbitMQ ${await rabbitmqVersion(addresses)}; ` +
      `engines: ${provider}`,
  ];
}

async function postgresVersion({ postgres }: Stack['addresses']): Promise<string> {
  const client = new pg.Client({ ...postgres, database: 'postgres' });
  await client.connect();
  const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
  await client.end();
  return rows[0]!.server_version.split(' ')[0]!;
}

async function rabbitmqVersion({ rabbitmq }: Stack['addresses']): Promise<string> {
  const connection = await connect(rabbitmq.url);
  const { version } = connection.connection.serverProperties;
  await connection.close();
  return version;
}

/** Kafka's protocol does not tell it. */
function kafkaVersion(): string {
  const pom = readFileSync(join(import.meta.dirname, '../../infra/kafka/pom.xml'), 'utf8');
  return /<kafka\.version>(.+)<\/kafka\.version>/.exec(pom)?.[1] ?? '';
}
