import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Friendly, PortTaken } from './friendly.ts';
import { claimFolder, clearLeftovers, leaveRunning, stopRecorded } from './leftovers.ts';
import { type ProcessIdentity, identityOf, isAlive, startTimeOf } from './process-identity.ts';
import { type ProcessRecord, changeState, readState } from './process-state.ts';
import { type RunningProcess, runToEnd, startProcess, waitUntilReady } from './processes.ts';

let folder: string;
const strangers: number[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cartwheel-processes-'));
});

afterEach(async () => {
  for (const pid of strangers.splice(0)) process.kill(pid, 'SIGKILL');
  await stopRecorded(folder);
  rmSync(folder, { recursive: true });
});

const untilStopped = 'console.log("listening"); setInterval(() => {}, 1000)';

function start(name: string, script: string, extra: { layer?: number; stopDeadlineMs?: number } = {}): RunningProcess {
  return startProcess({ name, command: process.execPath, args: ['-e', script], folder, env: {}, ...extra });
}

function started(name: string, script = untilStopped, extra = {}): Promise<RunningProcess> {
  const running = start(name, script, extra);
  return waitUntilReady(running, () => running.log().includes('listening'), { deadlineMs: 10_000 }).then(() => running);
}

/** A process that the stack did not start. */
async function stranger(): Promise<ProcessIdentity> {
  const child = spawn(process.execPath, ['-e', untilStopped], { stdio: ['ignore', 'pipe', 'ignore'], env: {} });
  strangers.push(child.pid as number);
  await once(child.stdout, 'data');
  return identityOf(child.pid as number);
}

async function endedProcess(): Promise<ProcessIdentity> {
  const child = spawn(process.execPath, ['-e', ''], { env: {} });
  const identity = identityOf(child.pid as number);
  await once(child, 'exit');
  return identity;
}

function recordOf(identity: ProcessIdentity): ProcessRecord {
  return { ...identity, name: 'x', layer: 1, stopSignal: 'SIGTERM', stopDeadlineMs: 5_000 };
}

describe('a started process', () => {
  test('is recorded before startProcess returns, and forgotten once it has ended', async () => {
    const running = start('ends', '');
    expect(readState(folder).processes).toMatchObject([{ name: 'ends', pid: running.pid }]);

    await running.exited;
    expect(readState(folder).processes).toEqual([]);
  });

  test('is killed with its whole group when it ignores the polite signal', async () => {
    const parent =
      "const child = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);" +
      "process.on('SIGTERM', () => {}); console.log('child', child.pid, 'listening'); setInterval(() => {}, 1000)";
    const running = await started('deaf', parent, { stopDeadlineMs: 300 });
    const child = identityOf(Number(/child (\d+)/.exec(running.log())?.[1]));

    await running.stop();
    expect(await running.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await waitFor(() => !isAlive(child));
  });

  test('that ends before it is ready gives an error with what its log says', async () => {
    const running = start('breaks', "console.error('Error: no such table'); process.exit(3)");
    const waiting = waitUntilReady(running, () => false, { deadlineMs: 10_000 });
    await expect(waiting).rejects.toThrow(/breaks ended before it was ready.*\n.*no such table/);
    await expect(waiting).rejects.toBeInstanceOf(Friendly);
  });

  test('that finds its port in use gives an error of its own kind', async () => {
    const running = start('late', "console.error('listen EADDRINUSE: address already in use'); process.exit(1)");
    await expect(waitUntilReady(running, () => false, { deadlineMs: 10_000 })).rejects.toBeInstanceOf(PortTaken);
  });

  test('whose program is not there gives a friendly error', () => {
    expect(() => startProcess({ name: 'x', command: '/not/there', args: [], folder })).toThrow(Friendly);
  });
});

test('a command that ends by itself is stopped on abort', async () => {
  const abort = new AbortController();
  const args = ['-e', untilStopped];
  const running = runToEnd({ name: 'long', command: process.execPath, args, folder, env: {} }, abort.signal);
  abort.abort(new Error('Ctrl-C'));
  await expect(running).rejects.toThrow('Ctrl-C');
  expect(readState(folder).processes).toEqual([]);
});

describe('what a dead owner left', () => {
  test('is stopped when pid and start time match', async () => {
    const left = await started('left');
    changeState(folder, (state) => ({ ...state, owner: { pid: process.pid, startTime: 'long ago' } }));

    await clearLeftovers(folder);
    expect(left.hasExited() || !startTimeOf(left.pid)).toBe(true);
    expect(existsSync(join(folder, 'processes.json'))).toBe(false);
  });

  test('is left alone when the start time differs: the pid belongs to somebody else by now', async () => {
    const other = await stranger();
    const owner = await endedProcess();
    changeState(folder, () => ({ owner, processes: [recordOf({ ...other, startTime: 'another time' })] }));

    await clearLeftovers(folder);
    expect(isAlive(other)).toBe(true);
  });

  test('is stopped from the highest layer down', async () => {
    const reportsEnd = "process.on('SIGTERM', () => { console.log('end', process.hrtime.bigint()); process.exit() });";
    const beneath = await started('engine', reportsEnd + untilStopped, { layer: 1 });
    const above = await started('app', reportsEnd + untilStopped, { layer: 2 });

    await stopRecorded(folder);
    const endOf = (running: RunningProcess) => BigInt(/end (\d+)/.exec(running.log())?.[1] ?? 0);
    expect(endOf(above)).toBeGreaterThan(0n);
    expect(endOf(above)).toBeLessThan(endOf(beneath));
  });
});

describe('a folder in use', () => {
  test('cannot be claimed while its owner lives', async () => {
    changeState(folder, () => ({ owner: identityOf(process.ppid), processes: [] }));
    await expect(claimFolder(folder)).rejects.toThrow(`Already running (pid ${process.ppid}`);
  });

  test('can be claimed when the owner is dead', async () => {
    const owner = await endedProcess();
    changeState(folder, () => ({ owner, processes: [] }));
    await claimFolder(folder);
    expect(readState(folder).owner).toEqual(identityOf(process.pid));
  });

  test('keeps what was left running on purpose, until it is stopped on purpose', async () => {
    await claimFolder(folder);
    const up = await started('up');
    leaveRunning(folder);

    await expect(claimFolder(folder)).rejects.toThrow('npm run down');
    expect(up.hasExited()).toBe(false);
    expect(await stopRecorded(folder)).toBe(1);
    await expect(claimFolder(folder)).resolves.toBeUndefined();
  });
});

async function waitFor(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 10_000; !condition();) {
    if (Date.now() > deadline) throw new Error('waited 10 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
