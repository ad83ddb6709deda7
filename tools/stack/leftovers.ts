import { Friendly } from './friendly.ts';
import { identityOf, isAlive } from './process-identity.ts';
import { type ProcessRecord, changeState, readState, removeState } from './process-state.ts';
import { stopProcess } from './processes.ts';

/** Makes this process the owner of a folder, after clearing what a killed owner may have left. */
export async function claimFolder(folder: string): Promise<void> {
  await clearLeftovers(folder);
  changeState(folder, () => ({ owner: identityOf(process.pid), processes: [] }));
}

/**
 * Stops what an owner that died (kill -9, power) left running. Refuses when the owner lives, or when the processes
 * were left running on purpose. A recorded process whose start time differs is somebody else's by now: left alone.
 */
export async function clearLeftovers(folder: string): Promise<void> {
  const { owner, processes } = readState(folder);
  const alive = processes.filter(isAlive);
  const isIdle = owner?.pid === process.pid && alive.length === 0;
  if (owner && isAlive(owner) && !isIdle) {
    throw new Friendly(`Already running (pid ${owner.pid}, in ${folder}): stop that one first, with Ctrl-C.`);
  }
  if (!owner && alive.length > 0) {
    throw new Friendly(`Already up (${alive.length} processes, in ${folder}): stop them first with: npm run down`);
  }
  await stopInOrder(alive);
  removeState(folder);
}

/** From now on the folder's processes belong to nobody and outlive this one; `stopRecorded` ends them. */
export function leaveRunning(folder: string): void {
  changeState(folder, ({ processes }) => ({ owner: null, processes }));
}

/** Stops everything recorded in a folder, whoever started it; tells how many processes that were. */
export async function stopRecorded(folder: string): Promise<number> {
  const alive = readState(folder).processes.filter(isAlive);
  await stopInOrder(alive);
  removeState(folder);
  return alive.length;
}

/** Stops what is recorded under a name, politely and for as long as that may take, and returns when it is gone. */
export async function stopNamed(folder: string, name: string, stopDeadlineMs: number): Promise<void> {
  const records = readState(folder).processes.filter((record) => isAlive(record) && record.name === name);
  await stopInOrder(records.map((record) => ({ ...record, stopDeadlineMs })));
}

/** Kills what is recorded under these names, and returns when it is gone. */
export async function killRecorded(folder: string, names: readonly string[]): Promise<void> {
  const records = readState(folder).processes.filter((record) => isAlive(record) && names.includes(record.name));
  await Promise.all(records.map((record) => stopProcess({ ...record, stopSignal: 'SIGKILL', stopDeadlineMs: 5_000 })));
}

/** Gives the folder back once the last process has ended. */
export function releaseFolder(folder: string): void {
  if (!readState(folder).processes.some(isAlive)) removeState(folder);
}

async function stopInOrder(records: ProcessRecord[]): Promise<void> {
  const layersDown = [...new Set(records.map(({ layer }) => layer))].sort((a, b) => b - a);
  for (const layer of layersDown) {
    await Promise.all(records.filter((record) => record.layer === layer).map((record) => stopProcess(record)));
  }
}
