import { resolve } from 'node:path';
import { dockerIsMissing, ImagesMissing, removeContainers, startDocker, startTestcontainers } from './docker.ts';
import { Friendly, PortTaken } from './friendly.ts';
import { addressesInEnvironment, someAddressIsSet, waitUntilReachable } from './external.ts';
import { claimFolder, releaseFolder, stopRecorded } from './leftovers.ts';
import type { Provider, Stack, StackOptions } from './interface.ts';
import { startNative } from './native.ts';
import { brokersOfData } from './native/kafka-node.ts';
import { assertPortsFree, freePorts } from './ports.ts';

export type * from './interface.ts';
export { removeContainers } from './docker.ts';
export { eraseStack } from './native.ts';

const ATTEMPTS_WITH_FREE_PORTS = 3;

/** Starts PostgreSQL, Kafka, RabbitMQ and a mailbox, or finds them. All errors meant for a person are `Friendly`. */
export async function startStack(given: StackOptions): Promise<Stack> {
  const options = { ...given, folder: resolve(given.folder) };
  const provider = options.provider ?? (await choose(options));
  if (options.brokers === 3 && provider !== 'native') {
    throw new Friendly('Three brokers are processes of this machine: leave --stack out, or say --stack native.');
  }
  await claimFolder(options.folder);
  try {
    if (provider === 'external') return await useExternal(options.folder);
    return await startWithPorts(options, provider).catch((error: unknown) => {
      // Nobody asked for Docker by name, and it is of no use here.
      if (!(error instanceof ImagesMissing) || options.provider === 'docker') throw error;
      options.progress.say(`${error.message}\nSo: native engines.`);
      return startWithPorts(options, 'native');
    });
  } catch (error) {
    releaseFolder(options.folder);
    throw error;
  }
}

async function choose({ progress, brokers, folder, data }: StackOptions): Promise<Provider> {
  if (someAddressIsSet()) return 'external';
  // Data of three brokers is not found again by anything else.
  if (brokers === 3 || (data === 'keep' && brokers === undefined && brokersOfData(folder) === 3)) return 'native';
  const reason = await dockerIsMissing();
  progress.say(reason === undefined ? 'Engines: Docker (--stack native: without).' : `Engines: native (${reason}).`);
  return reason === undefined ? 'docker' : 'native';
}

async function useExternal(folder: string): Promise<Stack> {
  const addresses = addressesInEnvironment();
  await waitUntilReachable(addresses);
  return {
    provider: 'external',
    addresses,
    stop: async () => {
      await stopRecorded(folder);
    },
  };
}

async function startWithPorts(options: StackOptions, provider: 'docker' | 'native'): Promise<Stack> {
  if (options.ports !== 'free') {
    // What a killed owner left in Docker holds the ports. Natively the same was done when the folder was claimed.
    if (provider === 'docker') await removeContainers(options.folder);
    await assertPortsFree(options.ports);
    const start = provider === 'docker' ? startDocker : startNative;
    return start({ ...options, ports: options.ports });
  }
  const start = provider === 'docker' ? startTestcontainers : startNative;
  return withFreePorts((ports) => start({ ...options, ports }));
}

/** Free a moment ago is not free: starts with other ports when one of them turns out to be taken. */
export async function withFreePorts<T>(
  start: (ports: Awaited<ReturnType<typeof freePorts>>) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePorts());
    } catch (error) {
      if (!(error instanceof PortTaken) || attempt === ATTEMPTS_WITH_FREE_PORTS) throw error;
    }
  }
}
