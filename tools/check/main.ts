import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { asProgram } from '../program.ts';
import { createProgress } from '../stack/progress.ts';

const HELP = `npm run check   format, lint with type information, types, dependency rules`;

const bin = (name: string) => join('node_modules', name);
const checks = [
  { title: 'types', args: [bin('typescript/bin/tsc'), '-p', 'tsconfig.spec.json'] },
  {
    title: 'dependency rules',
    args: [
      bin('dependency-cruiser/bin/dependency-cruiser.mjs'),
      '--config',
      '.dependency-cruiser.cjs',
      'apps',
      'libs',
      'tools',
    ],
  },
  { title: 'format', args: [bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.'] },
  { title: 'lint', args: [bin('eslint/bin/eslint.js'), '.', '--max-warnings', '0'] },
];

await asProgram(HELP, {}, async () => {
  const progress = createProgress();
  let failed = 0;
  const run = async ({ title, args }: (typeof checks)[number]) => {
    const { code, output } = await progress.step(title, () => runNode(args));
    if (code === 0) return;
    failed += 1;
    console.log(`\n✗ ${title}\n${output}`);
  };
  // Two cores: the two quick ones beside the two long ones.
  await Promise.all([
    run(checks[0]!)
      .then(() => run(checks[1]!))
      .then(() => run(checks[2]!)),
    run(checks[3]!),
  ]);
  console.log(`check: ${checks.length - failed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
});

function runNode(args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}
