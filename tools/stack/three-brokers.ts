import { createKafka } from '@cartwheel/kafka';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { claimFolder, stopRecorded } from './leftovers.ts';
import { thisMachine } from './machine.ts';
import { eraseStack } from './native.ts';
import { areJarsThere } from './native/kafka-jars.ts';
import { type Brokers, brokersOf, startKafka } from './native/kafka.ts';
import { cache, repository, type Start } from './native/start.ts';
import { silent } from './progress.ts';
import { ensureTools, missingOn } from './requirements.ts';
import { withFreePorts } from './stack.ts';

/** Below the folder that `npm test` clears: what a test that was killed leaves behind ends with the next run. */
const home = join(repository, '.cartwheel/test');
const IN_SYNC_WITHIN_MS = 60_000;

export type ThreeBrokers = Brokers & {
  /** Returns when every copy of every partition has what its leader has. */
  untilInSync(): Promise<void>;
  /** Ends them and erases their data. */
  end(): Promise<void>;
};

/** Whether three brokers can run here: they are processes of this machine, also where the other engines are in Docker. */
export const threeBrokersArePossible = process.platform !== 'win32' && missingOn(thisMachine, true).length === 0;

/**
 * Kafka alone, three brokers on free ports, for one test: topics get three copies, and two must have a record before it is
 * confirmed. Up after some 5 s, 500 MB together.
 */
export async function startThreeBrokers(): Promise<ThreeBrokers> {
  const folder = join(home, `brokers-${randomBytes(5).toString('hex')}`);
  const brokers = await withFreePorts(async (ports) => {
    await claimFolder(folder);
    try {
      const tools = await ensureTools({ folder, maven: !areJarsThere(cache), progress: silent });
      const { signal } = new AbortController();
      const start: Start = { folder, cache, ports, credentials, tools, progress: silent, signal, brokers: 3 };
      await startKafka(start);
      return brokersOf(start);
    } catch (error) {
      await stopRecorded(folder);
      throw error;
    }
  });
  return {
    ...brokers,
    untilInSync: () => untilInSync(brokers.addresses),
    async end() {
      // Nothing of it is kept. Asked politely, the last one would wait for a majority that is gone.
      await Promise.all(brokers.ids.map((id) => brokers.kill(id)));
      await eraseStack(folder);
    },
  };
}

/** Nobody asks Kafka for any. */
const credentials = { postgres: { user: '', password: '' }, rabbitmq: { user: '', password: '' } };

/** Asks until all brokers are there and no partition has fewer copies in sync than it has copies. */
export async function untilInSync(addresses: readonly string[]): Promise<void> {
  const admin = createKafka(addresses, 'in-sync').admin();
  await admin.connect();
  try {
    for (const deadline = Date.now() + IN_SYNC_WITHIN_MS; ; await sleep(100)) {
      const behind = await partitionsBehind(admin, addresses.length).catch((error: unknown) => String(error));
      if (behind === undefined) return;
      if (Date.now() > deadline) throw new Error(`not in sync after ${IN_SYNC_WITHIN_MS / 1000} s: ${behind}`);
    }
  } finally {
    await admin.disconnect();
  }
}

type Admin = ReturnType<ReturnType<typeof createKafka>['admin']>;

/** What is missing; undefined when nothing is. */
async function partitionsBehind(admin: Admin, brokers: number): Promise<string | undefined> {
  const { brokers: there } = await admin.describeCluster();
  if (there.length < brokers) return `${there.length} brokers`;
  const { topics } = await admin.fetchTopicMetadata();
  const behind = topics.flatMap(({ name, partitions }) =>
    partitions
      .filter(({ isr, replicas, leader }) => leader < 0 || isr.length < replicas.length)
      .map(({ partitionId }) => `${name}/${partitionId}`),
  );
  return behind.length === 0 ? undefined : behind.join(', ');
}
