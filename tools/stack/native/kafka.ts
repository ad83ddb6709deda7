import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { layers, runToEnd, startProcess, waitUntilReady } from '../processes.ts';
import { classPath, downloadJars, jarsFolder, makeWhole } from './kafka-jars.ts';
import { type Start, repository } from './start.ts';

const settings = join(repository, 'infra/kafka/server.properties');
const logging = join(repository, 'infra/kafka/log4j2.xml');

/** Any 16 bytes; a cluster of one node that talks to nobody needs no identity of its own. */
const CLUSTER_ID = 'Y2FydHdoZWVsLWthZmthMQ';

/** Little memory, and the quick compiler only: this broker lives for minutes, not for weeks. */
const jvm = ['-Xms128m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Djava.awt.headless=true'];

export async function startKafka(start: Start): Promise<void> {
  await downloadJars(start);
  await start.progress.step('Kafka', async () => {
    const home = join(start.folder, 'kafka');
    await mkdir(home, { recursive: true });
    await keepArchive(start);
    await writeProperties(home, start);
    await ensureFormatted(home, start);

    start.signal.throwIfAborted();
    const broker = startProcess({
      ...common(start, home),
      name: 'kafka',
      args: [...jvm, ...archiveFlags(start), ...java(start, 'kafka.Kafka'), 'server.properties'],
      stopDeadlineMs: 20_000,
    });
    // Read from its own log: on the wire another broker might answer, if it was quicker to take the port.
    const ready = () => broker.log().includes('Kafka Server started');
    await waitUntilReady(broker, ready, { deadlineMs: 90_000, signal: start.signal });
  });
}

async function writeProperties(home: string, { ports }: Start): Promise<void> {
  const own = [
    `listeners=CLIENT://127.0.0.1:${ports.kafka},CONTROLLER://127.0.0.1:${ports.kafkaController}`,
    `advertised.listeners=CLIENT://127.0.0.1:${ports.kafka},CONTROLLER://127.0.0.1:${ports.kafkaController}`,
    `controller.quorum.voters=1@127.0.0.1:${ports.kafkaController}`,
    // Relative to the working folder: in a properties file a path with a comma or an umlaut would be misread.
    'log.dirs=data',
  ];
  await writeFile(join(home, 'server.properties'), `${await readFile(settings, 'utf8')}\n${own.join('\n')}\n`);
}

/** Formatting takes a JVM more than a second and gives the same every time: done once, then copied. */
async function ensureFormatted(home: string, start: Start): Promise<void> {
  const data = join(home, 'data');
  const ready = join(home, 'ready');
  if (existsSync(ready)) return;
  const template = `${jarsFolder(start.cache)}-formatted`;
  if (!existsSync(template)) {
    await makeWhole(template, async (draft) => {
      await copyFile(join(home, 'server.properties'), join(draft, 'server.properties'));
      const format = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', 'server.properties'];
      await runToEnd(
        { ...common(start, draft), name: 'kafka-format', args: [...jvm, ...java(start, ...format)] },
        start.signal,
      );
    });
  }
  await rm(data, { recursive: true, force: true });
  await cp(join(template, 'data'), data, { recursive: true });
  await writeFile(ready, '');
}

/**
 * With an archive of its loaded classes the broker starts more than a second earlier. The JVM writes one when it ends,
 * into the stack's folder; `keepArchive` moves it to the cache after the stop, or before the next start.
 */
function archiveFlags(start: Start): string[] {
  const archive = archiveIn(start);
  // A JVM that cannot use the archive says so and goes on without (-Xshare:auto is the default).
  return existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`] : [`-XX:ArchiveClassesAtExit=${newArchive(start)}`];
}

export async function keepArchive(start: Start): Promise<void> {
  if (!existsSync(newArchive(start)) || existsSync(archiveIn(start))) return;
  await rename(newArchive(start), archiveIn(start));
}

const archiveIn = ({ cache, tools }: Start) => `${jarsFolder(cache)}-java-${tools.java.version}.jsa`;
const newArchive = ({ folder, tools }: Start) => join(folder, 'kafka', `classes-java-${tools.java.version}.jsa`);

function java({ cache }: Start, ...main: string[]): string[] {
  return [`-Dlog4j2.configurationFile=${logging}`, '-cp', classPath(cache), ...main];
}

function common(start: Start, cwd: string) {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], LC_ALL: 'C.UTF-8' };
  return { command: start.tools.java.command, cwd, env, folder: start.folder, layer: layers.engine };
}
