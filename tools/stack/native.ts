import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Friendly } from './friendly.ts';
import type { Addresses, Stack, StackOptions } from './interface.ts';
import { clearLeftovers, killRecorded, stopRecorded } from './leftovers.ts';
import { areJarsThere } from './native/kafka-jars.ts';
import { keepArchive, startKafka } from './native/kafka.ts';
import { startMaildev } from './native/maildev.ts';
import { erasePostgres } from './native/postgres-place.ts';
import { startPostgres } from './native/postgres.ts';
import { startRabbitmq } from './native/rabbitmq.ts';
import { type Start, repository } from './native/start.ts';
import type { Ports } from './ports.ts';
import { ensureTools } from './requirements.ts';

const cache = join(repository, '.cartwheel/cache');

type Engine = 'postgres' | 'kafka' | 'rabbitmq';
export type NativeStack = Stack & {
  /** SIGKILL, and the end of it: nothing is flushed, nobody is told. */
  kill(engine: Engine): Promise<void>;
  /** Starts an engine that was killed again, on its port and with the data that it left. */
  startAgain(engine: Engine): Promise<void>;
};

export async function startNative(options: StackOptions & { ports: Ports }): Promise<NativeStack> {
  const { folder, ports, progress } = options;
  if (process.platform === 'win32') throw new Friendly('On Windows, run this inside WSL (a Linux for Windows).');
  const isFresh = options.data !== 'keep';
  if (isFresh) await eraseData(folder);
  const tools = await ensureTools({ folder, maven: !areJarsThere(cache), progress });

  const failure = new AbortController();
  const start: Start = {
    folder,
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
  };
}

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

function addressesOf({ ports, credentials: { postgres, rabbitmq } }: Start): Addresses {
  const login = `${encodeURIComponent(rabbitmq.user)}:${encodeURIComponent(rabbitmq.password)}`;
  return {
    postgres: { host: '127.0.0.1', port: ports.postgres, ...postgres },
    kafka: { brokers: [`127.0.0.1:${ports.kafka}`] },
    rabbitmq: { url: `amqp://${login}@127.0.0.1:${ports.rabbitmq}` },
    mail: { smtpHost: '127.0.0.1', smtpPort: ports.smtp, webUrl: `http://127.0.0.1:${ports.mailbox}` },
  };
}
