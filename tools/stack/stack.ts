import { resolve } from 'node:path';
import { useDocker } from './docker.ts';
import { PortTaken } from './friendly.ts';
import { addressesInEnvironment, someAddressIsSet, waitUntilReachable } from './external.ts';
import { claimFolder, releaseFolder, stopRecorded } from './leftovers.ts';
import type { Stack, StackOptions } from './interface.ts';
import { startNative } from './native.ts';
import { assertPortsFree, freePorts } from './ports.ts';

export type * from './interface.ts';
export { eraseStack } from './native.ts';

const ATTEMPTS_WITH_FREE_PORTS = 3;

/** Starts PostgreSQL, Kafka, RabbitMQ and a mailbox, or finds them. All errors meant for a person are `Friendly`. */
export async function startStack(given: StackOptions): Promise<Stack> {
  const options = { ...given, folder: resolve(given.folder) };
  const provider = options.provider ?? (someAddressIsSet() ? 'external' : 'native');
  if (provider === 'docker') return useDocker();
  await claimFolder(options.folder);
  try {
    return provider === 'external' ? await useExternal(options.folder) : await startWithPorts(options);
  } catch (error) {
    releaseFolder(options.folder);
    throw error;
  }
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

async function startWithPorts(options: StackOptions): Promise<Stack> {
  if (options.ports !== 'free') {
    await assertPortsFree(options.ports);
    return startNative({ ...options, ports: options.ports });
  }
  for (let attempt = 1; ; attempt++) {
    try {
      return await startNative({ ...options, ports: await freePorts() });
    } catch (error) {
      if (!(error instanceof PortTaken) || attempt === ATTEMPTS_WITH_FREE_PORTS) throw error;
    }
  }
}
