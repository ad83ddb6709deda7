import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Friendly } from './friendly.ts';
import type { Addresses, BrokerCount, Stack, StackOptions } from './interface.ts';
import { clearLeftovers, killRecorded, stopRecorded } from './leftovers.ts';
import { areJarsThere } from './native/kafka-jars.ts';
import { brokersOfData } from './native/kafka-node.ts';
import { type Brokers, brokersOf, keepArchive, startKafka } from './native/kafka.ts';
import { startMaildev } from './native/maildev.ts';
import { erasePostgres } from './native/postgres-place.ts';
import { startPostgres } from './native/postgres.ts';
import { startRabbitmq } from './native/rabbitmq.ts';
import { cache, type Start } from './native/start.ts';
import type { Ports } from './ports.ts';
import { ensureTools } from './requirements.ts';

type Engine = 'postgres' | 'kafka' | 'rabbitmq';
export type NativeStack = Stack & {
  /** SIGKILL, and the end of it: nothing is flushed, nobody is told. */
  kill(engine: Engine): Promise<void>;
  /** Starts an engine that was killed again, on its port and with the data that it left. */
  startAgain(engine: Engine): Promise<void>;
  readonly brokers: Brokers;
};

export async function startNative(options: StackOptions & { ports: Ports }): Promise<NativeStack> {
  const { folder, ports, progress } = options;
  if (process.platform === 'win32') throw new Friendly('On Windows, run this inside WSL (a Linux for Windows).');
  const isFresh = options.data !== 'keep';
  const brokers = isFresh ? (options.brokers ?? 1) : brokersFor(folder, options.brokers);
  if (isFresh) await eraseData(folder);
  const tools = await ensureTools({ folder, maven: !areJarsThere(cache), progress });

  const failure = new AbortController();
  const start: Start = {
    folder,
    brokers,
    cache,
    ports,
    credentials: {
      postgres: { user: 'postgres', password: 'cartwheel' },
      rabbitmq: { user: 'guest', password: 'guest' },
      ...options.credentials,
    },
    tools,
    progress,
    signal: AbortSignal.any([failure.signal, ...(options.signal ? [options.signal] : [])]),
  };
  const stop = async () => {
    await stopRecorded(folder);
    await keepArchive(start);
    if (isFresh) await eraseData(folder);
  };

  const engines = [startPostgres(start), startKafka(start), startRabbitmq(start), startMaildev(start)];
  try {
    await Promise.all(engines);
  } catch (error) {
    failure.abort(error);
    await Promise.allSettled(engines);
    await stop();
    throw error;
  }
  return {
    provider: 'native',
    addresses: addressesOf(start),
    stop,
    kill: (engine) => killRecorded(folder, engine === 'rabbitmq' ? ['rabbitmq', 'epmd'] : [engine]),
    startAgain: (engine) => ({ postgres: startPostgres, kafka: startKafka, rabbitmq: startRabbitmq })[engine](start),
    brokers: brokersOf(start),
  };
}

/** Facts that are in one cluster are not in another, and the databases know them all: data stays with its brokers. */
function brokersFor(folder: string, wanted: BrokerCount | undefined): BrokerCount {
  const kept = brokersOfData(folder);
  if (kept !== undefined && wanted !== undefined && kept !== wanted) {
    throw new Friendly(
      `The data in ${folder} is that of a shop with ${countOf(kept)}: it cannot go on with ${countOf(wanted)}. ` +
        `Start it with --brokers ${kept}, or delete that folder and begin with an empty shop.`,
    );
  }
  return wanted ?? kept ?? 1;
}

const countOf = (brokers: BrokerCount) => (brokers === 1 ? 'one Kafka broker' : 'three Kafka brokers');

/** Deletes a stack's folder and the data that had to be put elsewhere; refuses while the stack runs. */
export async function eraseStack(folder: string): Promise<void> {
  await clearLeftovers(resolve(folder));
  await eraseData(resolve(folder));
  await rm(folder, { recursive: true, force: true });
}

async function eraseData(folder: string): Promise<void> {
  await erasePostgres(folder);
  for (const engine of ['kafka', 'rabbitmq', 'mail']) {
    await rm(join(folder, engine), { recursive: true, force: true });
  }
}

function addressesOf(start: Start): Addresses {
  const { ports, credentials } = start;
  const { postgres, rabbitmq } = credentials;
  const login = `${encodeURIComponent(rabbitmq.user)}:${encodeURIComponent(rabbitmq.password)}`;
  return {
    postgres: { host: '127.0.0.1', port: ports.postgres, ...postgres },
    kafka: { brokers: [...brokersOf(start).addresses] },
    rabbitmq: { url: `amqp://${login}@127.0.0.1:${ports.rabbitmq}` },
    mail: { smtpHost: '127.0.0.1', smtpPort: ports.smtp, webUrl: `http://127.0.0.1:${ports.mailbox}` },
  };
}
