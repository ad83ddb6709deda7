import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from './process-identity.ts';

export type ProcessRecord = ProcessIdentity & {
  name: string;
  /** Stopped from the highest layer down; one layer together. */
  layer: number;
  stopSignal: NodeJS.Signals;
  stopDeadlineMs: number;
};

/** `owner: null`: the processes are meant to outlive whoever started them (`npm run up`). */
export type State = { owner: ProcessIdentity | null; processes: ProcessRecord[] };

const fileOf = (folder: string) => join(folder, 'processes.json');

export function readState(folder: string): State {
  try {
    return JSON.parse(readFileSync(fileOf(folder), 'utf8')) as State;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { owner: null, processes: [] };
    throw error;
  }
}

/** Reads, changes and writes in one go without awaiting, so engines that start in parallel lose no entry. */
export function changeState(folder: string, change: (state: State) => State): void {
  const state = change(readState(folder));
  mkdirSync(folder, { recursive: true });
  const draft = `${fileOf(folder)}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(state, null, 2) + '\n');
  renameSync(draft, fileOf(folder));
}

export function removeState(folder: string): void {
  rmSync(fileOf(folder), { force: true });
}
