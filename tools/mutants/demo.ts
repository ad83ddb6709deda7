import { spawn } from 'node:child_process';
import { cpSync, existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { Friendly } from '../stack/friendly.ts';
import type { Progress } from '../stack/progress.ts';
import type { Copy } from './copy.ts';
import type { Mutant } from './mutant.ts';
import { chapters } from './mutants.ts';

/** The demo alone must notice that one of these is missing: each is a thing that it shows. */
export const seenByDemo = [
  'claimed-ids-ignored',
  'delete-before-publish',
  'stock-not-locked',
  'acknowledge-first',
] as const;

/** How one run of the demo ended. `told` is what it marked as failed. */
export type Seen = { readonly mutant: string; readonly exitCode: number; readonly told: readonly string[] };

const root = join(import.meta.dirname, '../..');

/** Plays the demo as it is, which must be green, and then once without each of these safeguards. */
export async function tryDemo(
  copy: Copy,
  { progress, signal, tell }: { progress: Progress; signal: AbortSignal; tell: (seen: Seen) => void },
): Promise<Seen[]> {
  // What is built already is not built again: each run compiles the one file that is other than it was.
  for (const path of ['tsconfig.json', 'infra', ...globSync('{apps,libs}/*/dist', { cwd: root })])
    if (existsSync(join(root, path))) cpSync(join(root, path), join(copy.folder, path), { recursive: true });
  const all: Seen[] = [];
  for (const mutant of [undefined, ...mutants()]) {
    signal.throwIfAborted();
    const name = mutant?.name ?? 'the demo as it is';
    const put = mutant && copy.spoil(mutant);
    if (put && 'unusable' in put) throw new Friendly(`${name}: ${put.unusable}`);
    try {
      const seen = await progress.step(name, () => playOnce(copy, name, signal));
      all.push(seen);
      tell(seen);
    } finally {
      if (put && 'back' in put) put.back();
    }
  }
  return all;
}

function mutants(): Mutant[] {
  const known = chapters.flatMap((chapter) => chapter.mutants);
  return seenByDemo.map((name) => known.find((mutant) => mutant.name === name)!);
}

async function playOnce(copy: Copy, mutant: string, signal: AbortSignal): Promise<Seen> {
  const build = await run(copy, [join(root, 'node_modules/typescript/bin/tsc'), '-b'], signal);
  if (build.exitCode !== 0) throw new Friendly(`${mutant} cannot be built: ${build.output.slice(-500)}`);
  const { exitCode, output } = await run(copy, ['tools/demo/main.ts', '--once'], signal);
  return {
    mutant,
    exitCode,
    told: output.split('\n').filter((line) => /^[✗…] +\S/.test(line) && !/^… [a-z]/i.test(line)),
  };
}

function run({ folder }: Copy, args: string[], signal: AbortSignal): Promise<{ exitCode: number; output: string }> {
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, signal, killSignal: 'SIGTERM' as const };
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], options);
    let output = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (output += data));
    child.once('error', reject);
    child.once('close', (code) => resolve({ exitCode: code ?? 1, output }));
  });
}

/** Green as it is, and red without each. */
export function isProof([asItIs, ...without]: readonly Seen[]): boolean {
  return (
    asItIs?.exitCode === 0 && without.length === seenByDemo.length && without.every(({ exitCode }) => exitCode === 1)
  );
}
