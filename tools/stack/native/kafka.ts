import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { killRecorded, stopNamed } from '../leftovers.ts';
import { startProcess, waitUntilReady } from '../processes.ts';
import { downloadJars, jarsFolder } from './kafka-jars.ts';
import { addressOf, common, java, jvm, type Node, nodesOf, prepareNode } from './kafka-node.ts';
import type { Start } from './start.ts';

/** The brokers of a stack, each of which may be stopped, killed and started again. */
export type Brokers = {
  readonly ids: readonly number[];
  /** `host:port`, in the order of the ids. */
  readonly addresses: readonly string[];
  /** Returns when the broker serves, with the data that it had; not yet when it has caught up with the others. */
  start(id: number): Promise<void>;
  /** As an administrator does it: the broker hands over what it leads, and ends. */
  stop(id: number): Promise<void>;
  /** SIGKILL. Returns when the process is gone, which the others have not noticed yet. */
  kill(id: number): Promise<void>;
};

/** On a machine that is busy; then it is killed. */
const HANDS_OVER_WITHIN_MS = 60_000;

/** One broker, or three that form a cluster. Returns when they serve. */
export async function startKafka(start: Start): Promise<void> {
  await downloadJars(start);
  await start.progress.step(start.brokers === 1 ? 'Kafka' : `Kafka, ${start.brokers} brokers`, async () => {
    const nodes = nodesOf(start);
    await keepArchive(start);
    // One after the other: the first may have to format a folder that the others copy.
    for (const node of nodes) await prepareNode(node, start);
    await all(nodes.map((node) => startNode(node, start)));
  });
}

export function brokersOf(start: Start): Brokers {
  const nodes = nodesOf(start);
  const named = (id: number): Node => {
    const node = nodes.find((one) => one.id === id);
    if (!node) throw new Error(`there is no broker ${id}`);
    return node;
  };
  return {
    ids: nodes.map(({ id }) => id),
    addresses: nodes.map(({ id }) => addressOf(id, start.ports)),
    start: (id) => startNode(named(id), start),
    stop: (id) => stopNamed(start.folder, named(id).name, HANDS_OVER_WITHIN_MS),
    kill: (id) => killRecorded(start.folder, [named(id).name]),
  };
}

async function startNode(node: Node, start: Start): Promise<void> {
  start.signal.throwIfAborted();
  const broker = startProcess({
    ...common(start, node.home),
    name: node.name,
    args: [...jvm, ...archiveFlags(start), ...java(start, 'kafka.Kafka'), 'server.properties'],
    // Of three that are stopped together the last waits for a majority that is gone, and would for minutes. What it has
    // on disk is all that it needs.
    stopDeadlineMs: start.brokers === 1 ? 20_000 : 8_000,
  });
  // Read from its own log: on the wire another broker might answer, if it was quicker to take the port.
  const ready = () => broker.log().includes('Kafka Server started');
  await waitUntilReady(broker, ready, { deadlineMs: 90_000, signal: start.signal });
}

/**
 * With an archive of its loaded classes the broker starts more than a second earlier. The JVM writes one when it ends,
 * into the stack's folder; `keepArchive` moves it to the cache after the stop, or before the next start. Of three
 * brokers none writes one: they would delay each other's end.
 */
function archiveFlags(start: Start): string[] {
  const archive = archiveIn(start);
  // A JVM that cannot use the archive says so and goes on without (-Xshare:auto is the default).
  if (existsSync(archive)) return [`-XX:SharedArchiveFile=${archive}`];
  return start.brokers === 1 ? [`-XX:ArchiveClassesAtExit=${newArchive(start)}`] : [];
}

export async function keepArchive(start: Start): Promise<void> {
  if (!existsSync(newArchive(start)) || existsSync(archiveIn(start))) return;
  await rename(newArchive(start), archiveIn(start));
}

const archiveIn = ({ cache, tools }: Start) => `${jarsFolder(cache)}-java-${tools.java.version}.jsa`;
const newArchive = ({ folder, tools }: Start) => join(folder, 'kafka', `classes-java-${tools.java.version}.jsa`);

/** Waits for all of them, also when one fails: nothing may start after its caller has given up. */
async function all(work: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(work);
  await Promise.all(work);
}
