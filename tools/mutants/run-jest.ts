import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startProcess } from '../stack/processes.ts';
import type { Stack } from '../stack/stack.ts';
import { jest, jestEnvironment } from '../test/jest.ts';
import type { Copy } from './copy.ts';
import type { Report } from './judge.ts';
import { type Mutant, patternOf } from './mutant.ts';

type Options = {
  /** State and logs of what runs. */
  readonly folder: string;
  readonly stack: Stack;
  readonly signal: AbortSignal;
  /** How long a test waits for what does not come. */
  readonly hangGuardMs: number;
  readonly workers: number;
};

/** Jest on the tests of these mutants and on no other. Undefined: it wrote no report. */
export async function runJest(copy: Copy, mutants: readonly Mutant[], options: Options): Promise<Report | undefined> {
  const { folder, stack, signal, hangGuardMs, workers } = options;
  signal.throwIfAborted();
  const reportFile = join(copy.folder, 'report.json');
  rmSync(reportFile, { force: true });
  const specs = [...new Set(mutants.map(({ spec }) => spec))];
  const running = startProcess({
    name: `jest-${copy.folder.at(-1)}`,
    folder,
    cwd: copy.folder,
    command: process.execPath,
    args: [
      ...[jest, '--runTestsByPath', ...specs, '--testNamePattern', patternOf(mutants)],
      ...['--json', '--outputFile', reportFile, `--maxWorkers=${workers}`],
      // A test that failed halfway leaves connections open, on which Jest would wait.
      ...[`--testTimeout=${2 * hangGuardMs}`, '--forceExit'],
    ],
    env: { ...jestEnvironment(stack), CARTWHEEL_TEST_HANG_MS: String(hangGuardMs) },
    stopDeadlineMs: 2_000,
  });
  const stop = () => void running.stop();
  signal.addEventListener('abort', stop);
  await running.exited;
  signal.removeEventListener('abort', stop);
  endGroup(running.pid);
  signal.throwIfAborted();
  return existsSync(reportFile) ? (JSON.parse(readFileSync(reportFile, 'utf8')) as Report) : undefined;
}

/** The small programs of fault tests, which a test that was given up leaves behind. They are in the group of their Jest. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
