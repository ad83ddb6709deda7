import { spawn } from 'node:child_process';

export type FixtureRun = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
};

/**
 * Runs a small program in a process of its own and waits for its end. It is plain TypeScript that Node runs directly, on the
 * libraries' sources, or a `.js` file of the build, on theirs: what has decorators needs that. It may kill itself with SIGKILL
 * at the point that its test is about.
 */
export function runFixture(
  file: string,
  env: Readonly<Record<string, string>>,
  { withinMs = 60_000 } = {},
): Promise<FixtureRun> {
  const sources = file.endsWith('.ts') ? ['--conditions=@cartwheel/source'] : [];
  const args = [...sources, '--disable-warning=TimeoutNegativeWarning', file];
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, output });
    });
  });
}
