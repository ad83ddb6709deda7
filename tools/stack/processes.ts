import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Friendly, PortTaken } from './friendly.ts';
import { readFrom, saysPortTaken, tellingLines } from './logs.ts';
import { identityOf, isAlive } from './process-identity.ts';
import { type ProcessRecord, changeState, readState } from './process-state.ts';

export type ProcessSpec = {
  name: string;
  command: string;
  args: string[];
  /** State and logs of the run live here; only one process at a time may own a folder, see `claimFolder`. */
  folder: string;
  /** The whole environment of the child, `process.env` when left out. */
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  uid?: number;
  gid?: number;
  layer?: number;
  stopSignal?: NodeJS.Signals;
  stopDeadlineMs?: number;
};

export type Exit = { code: number | null; signal: NodeJS.Signals | null };

export type RunningProcess = {
  name: string;
  pid: number;
  logFile: string;
  exited: Promise<Exit>;
  hasExited(): boolean;
  /** What this process (not an earlier one of the same name) has written so far. */
  log(): string;
  /** Polite signal, then SIGKILL to its whole group after the deadline; resolves when it is gone. */
  stop(): Promise<void>;
};

/** Layers: 0 epmd, 1 engines, 2 what uses them. */
export const layers = { beneath: 0, engine: 1, app: 2 };

/**
 * Starts a child in a session of its own, so that Ctrl-C in the terminal reaches only us and we stop things in order.
 * Its output goes to `<folder>/logs/<name>.log`; it is recorded in the folder's state before this function returns.
 */
export function startProcess(spec: ProcessSpec): RunningProcess {
  mkdirSync(join(spec.folder, 'logs'), { recursive: true });
  const logFile = join(spec.folder, 'logs', `${spec.name}.log`);
  const log = openSync(logFile, 'a');
  const logStart = fstatSync(log).size;
  const child = spawn(spec.command, spec.args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: spec.env ?? process.env,
    cwd: spec.cwd,
    uid: spec.uid,
    gid: spec.gid,
  });
  closeSync(log);

  const { pid } = child;
  if (pid === undefined) {
    child.on('error', () => {});
    throw new Friendly(`${spec.name}: ${spec.command} cannot be started (is it there, and may it be run?).`);
  }
  const record: ProcessRecord = {
    ...identityOf(pid),
    name: spec.name,
    layer: spec.layer ?? layers.app,
    stopSignal: spec.stopSignal ?? 'SIGTERM',
    stopDeadlineMs: spec.stopDeadlineMs ?? 10_000,
  };
  changeState(spec.folder, ({ owner, processes }) => ({ owner, processes: [...processes, record] }));

  const exited = exitOf(child).then((exit) => {
    forget(spec.folder, record);
    return exit;
  });
  return {
    name: spec.name,
    pid,
    logFile,
    exited,
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    log: () => readFrom(logFile, logStart),
    stop: () => stopProcess(record, exited),
  };
}

/** Runs a command that ends by itself; a code other than 0 becomes a friendly error with the end of its log. */
export async function runToEnd(spec: ProcessSpec, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const running = startProcess(spec);
  const onAbort = () => void running.stop();
  signal?.addEventListener('abort', onAbort);
  const { code } = await running.exited;
  signal?.removeEventListener('abort', onAbort);
  signal?.throwIfAborted();
  if (code !== 0) throw earlyExit(running, 'failed');
}

/** Asks `ready` until it says yes; throws when the process ends before that, when the deadline passes or on abort. */
export async function waitUntilReady(
  running: RunningProcess,
  ready: () => boolean | Promise<boolean>,
  options: { deadlineMs: number; signal?: AbortSignal },
): Promise<void> {
  const deadline = Date.now() + options.deadlineMs;
  while (!running.hasExited()) {
    options.signal?.throwIfAborted();
    if (await ready()) return;
    if (Date.now() > deadline) throw earlyExit(running, `was not ready after ${options.deadlineMs / 1000} s`);
    await Promise.race([sleep(40), running.exited]);
  }
  options.signal?.throwIfAborted();
  throw earlyExit(running, 'ended before it was ready');
}

/**
 * Stops a recorded process, ours or one that an earlier run left behind, and nothing else: the start time is compared
 * before each signal. `exited` is the exit event where the process is our own child.
 */
export async function stopProcess(record: ProcessRecord, exited?: Promise<unknown>): Promise<void> {
  const gone = () => (exited ? Promise.race([exited.then(() => true), sleep(0, false)]) : !isAlive(record));
  signalIfSame(record, record.pid, record.stopSignal);
  if (await within(record.stopDeadlineMs, gone)) return;
  signalIfSame(record, -record.pid, 'SIGKILL');
  if (!(await within(5_000, gone))) throw new Friendly(`${record.name} (pid ${record.pid}) cannot be stopped.`);
}

function signalIfSame(record: ProcessRecord, target: number, signal: NodeJS.Signals): void {
  if (!isAlive(record)) return;
  try {
    process.kill(target, signal);
  } catch (error) {
    // Gone in this very moment, or not ours to stop: waiting for its end tells which.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

async function within(ms: number, condition: () => boolean | Promise<boolean>): Promise<boolean> {
  for (const deadline = Date.now() + ms; Date.now() < deadline; await sleep(20)) {
    if (await condition()) return true;
  }
  return condition();
}

/** Writes only when there is something to forget: the folder may be gone by the time an exit is reported. */
function forget(folder: string, record: ProcessRecord): void {
  const isIt = ({ pid, startTime }: ProcessRecord) => pid === record.pid && startTime === record.startTime;
  if (!readState(folder).processes.some(isIt)) return;
  changeState(folder, ({ owner, processes }) => ({ owner, processes: processes.filter((other) => !isIt(other)) }));
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
}

function earlyExit(running: RunningProcess, whatHappened: string): Friendly {
  const log = running.log();
  const kind = saysPortTaken(log) ? PortTaken : Friendly;
  return new kind(`${running.name} ${whatHappened}. From its log, ${running.logFile}:\n${tellingLines(log)}`);
}
