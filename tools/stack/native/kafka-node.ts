import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrokerCount } from '../interface.ts';
import type { Ports } from '../ports.ts';
import { layers, runToEnd } from '../processes.ts';
import { classPath, jarsFolder, makeWhole } from './kafka-jars.ts';
import { type Start, repository } from './start.ts';

const settings = join(repository, 'infra/kafka/server.properties');
const settingsOfThree = join(repository, 'infra/kafka/three-brokers.properties');
const logging = join(repository, 'infra/kafka/log4j2.xml');

/** Any 16 bytes; a cluster that talks to nobody needs no identity of its own. */
const CLUSTER_ID = 'Y2FydHdoZWVsLWthZmthMQ';

/** Little memory, and the quick compiler only: this broker lives for minutes, not for weeks. */
export const jvm = ['-Xms128m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Djava.awt.headless=true'];

/** One Kafka process, broker and controller in one. A cluster of one keeps its data in `kafka`, of three in `kafka/<id>`. */
export type Node = { readonly id: number; readonly name: string; readonly home: string };

export function nodesOf({ folder, brokers }: Pick<Start, 'folder' | 'brokers'>): Node[] {
  const home = join(folder, 'kafka');
  if (brokers === 1) return [{ id: 1, name: 'kafka', home }];
  return [1, 2, 3].map((id) => ({ id, name: `kafka-${id}`, home: join(home, String(id)) }));
}

/** Of how many brokers the data in a stack's folder is; undefined: there is none. */
export function brokersOfData(folder: string): BrokerCount | undefined {
  return ([1, 3] as const).find((brokers) => nodesOf({ folder, brokers }).every(({ home }) => existsSync(mark(home))));
}

/** Where clients reach a node. */
export function addressOf(id: number, ports: Ports): string {
  return `127.0.0.1:${portsOf(id, ports).client}`;
}

/** Writes a node's settings, and formats its folder if that was not done before. */
export async function prepareNode(node: Node, start: Start): Promise<void> {
  await mkdir(node.home, { recursive: true });
  await writeProperties(node, start);
  await ensureFormatted(node, start);
}

export function java({ cache }: Start, ...main: string[]): string[] {
  return [`-Dlog4j2.configurationFile=${logging}`, '-cp', classPath(cache), ...main];
}

export function common(start: Start, cwd: string) {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], LC_ALL: 'C.UTF-8' };
  return { command: start.tools.java.command, cwd, env, folder: start.folder, layer: layers.engine };
}

function portsOf(id: number, ports: Ports): { client: number; controller: number } {
  if (id === 2) return { client: ports.kafka2, controller: ports.kafkaController2 };
  if (id === 3) return { client: ports.kafka3, controller: ports.kafkaController3 };
  return { client: ports.kafka, controller: ports.kafkaController };
}

async function writeProperties({ id, home }: Node, start: Start): Promise<void> {
  const { client, controller } = portsOf(id, start.ports);
  const listeners = `CLIENT://127.0.0.1:${client},CONTROLLER://127.0.0.1:${controller}`;
  const voters = nodesOf(start).map((node) => `${node.id}@127.0.0.1:${portsOf(node.id, start.ports).controller}`);
  const own = [
    `node.id=${id}`,
    `listeners=${listeners}`,
    `advertised.listeners=${listeners}`,
    `controller.quorum.voters=${voters.join(',')}`,
    // Relative to the working folder: in a properties file a path with a comma or an umlaut would be misread.
    'log.dirs=data',
  ];
  const files = start.brokers === 1 ? [settings] : [settings, settingsOfThree];
  const given = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  await writeFile(join(home, 'server.properties'), `${[...given, ...own].join('\n')}\n`);
}

/** Formatting takes a JVM more than a second and gives the same every time: done once, then copied. */
async function ensureFormatted({ id, home }: Node, start: Start): Promise<void> {
  const data = join(home, 'data');
  if (existsSync(mark(home))) return;
  const template = await formatted(home, start);
  await rm(data, { recursive: true, force: true });
  await cp(join(template, 'data'), data, { recursive: true });
  if (start.brokers > 1) await nameNode(join(data, 'meta.properties'), id);
  await writeFile(mark(home), '');
}

/** The folder of a formatted node, in the cache. */
async function formatted(home: string, start: Start): Promise<string> {
  const template = `${jarsFolder(start.cache)}-formatted`;
  if (existsSync(template)) return template;
  await makeWhole(template, async (draft) => {
    await copyFile(join(home, 'server.properties'), join(draft, 'server.properties'));
    const format = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', 'server.properties'];
    await runToEnd(
      { ...common(start, draft), name: 'kafka-format', args: [...jvm, ...java(start, ...format)] },
      start.signal,
    );
  });
  return template;
}

/** Two copies of one folder must not pass for the same node, nor for the same disk. */
async function nameNode(file: string, id: number): Promise<void> {
  const text = await readFile(file, 'utf8');
  const disk = randomBytes(16).toString('base64url');
  await writeFile(
    file,
    text.replace(/^node\.id=.*$/m, `node.id=${id}`).replace(/^directory\.id=.*$/m, `directory.id=${disk}`),
  );
}

const mark = (home: string) => join(home, 'ready');
