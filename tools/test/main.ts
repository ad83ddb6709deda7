import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { asProgram } from '../program.ts';
import { stackOption } from '../stack-option.ts';
import { Friendly } from '../stack/friendly.ts';
import { createProgress } from '../stack/progress.ts';
import { eraseStack, startStack, type Stack } from '../stack/stack.ts';
import { jest, jestEnvironment } from './jest.ts';

// Everything after `npm test --` belongs to Jest, also --help.
const jestArgs = process.argv.slice(2);
process.argv.length = 2;

const home = join(import.meta.dirname, '../../.cartwheel/test');

await asProgram('', {}, async (_, signal) => {
  const progress = createProgress();
  const stack = needsEngines() ? await startEngines(progress, signal) : undefined;
  try {
    process.exitCode = await runJest(stack, signal);
  } finally {
    await clearOrphans();
    if (stack) await progress.step('stopping the engines', () => stack.stop());
  }
});
process.exit();

/** `npm test -- --selectProjects unit` and the like start nothing. */
function needsEngines(): boolean {
  const at = jestArgs.indexOf('--selectProjects');
  const selected = at < 0 ? [] : jestArgs.slice(at + 1).filter((name) => !name.startsWith('-'));
  return !jestArgs.includes('--help') && !(selected.length === 1 && selected[0] === 'unit');
}

/** A set of engines for this run alone, on free ports: it runs beside a demo and beside another test run. */
async function startEngines(progress: ReturnType<typeof createProgress>, signal: AbortSignal): Promise<Stack> {
  await clearOrphans();
  return startStack({
    folder: join(home, String(process.pid)),
    ports: 'free',
    progress,
    signal,
    ...stackOption(undefined),
  });
}

/** Ends and erases what a run or a test worker that was killed left behind. A folder whose owner lives refuses, and stays. */
async function clearOrphans(): Promise<void> {
  for (const name of existsSync(home) ? readdirSync(home) : []) {
    await eraseStack(join(home, name)).catch((error: unknown) => {
      if (!(error instanceof Friendly)) throw error;
    });
  }
}

function runJest(stack: Stack | undefined, signal: AbortSignal): Promise<number> {
  const child = spawn(process.execPath, [jest, ...jestArgs], { stdio: 'inherit', env: jestEnvironment(stack) });
  signal.addEventListener('abort', () => child.kill('SIGTERM'));
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
}
