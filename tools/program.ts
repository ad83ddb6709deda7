import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { Friendly } from './stack/friendly.ts';

/**
 * Runs the body of a command: `--help`, unknown options, Ctrl-C as an aborted `signal` (128 + 2 as exit code), and errors
 * that a person can act on without a stack trace. `words` are what stands there without a dash, if `withWords`.
 */
export async function asProgram(
  help: string,
  options: ParseArgsOptionsConfig,
  body: (
    values: Record<string, string | undefined> & { flags: ReadonlySet<string>; words: readonly string[] },
    signal: AbortSignal,
  ) => Promise<void>,
  { withWords = false } = {},
): Promise<void> {
  const stop = new AbortController();
  for (const [name, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.on(name, () => {
      process.exitCode ??= code;
      stop.abort(new Friendly('Stopped.'));
    });
  }
  try {
    const { values, positionals: words } = parseArgs({
      options: { ...options, help: { type: 'boolean', short: 'h' } },
      allowPositionals: withWords,
    });
    const given = values as Record<string, string | boolean | undefined>;
    if (given['help'] === true) {
      console.log(help);
      return;
    }
    const flags = new Set(Object.keys(given).filter((name) => given[name] === true));
    await body({ ...given, flags, words } as never, stop.signal);
  } catch (error) {
    process.exitCode ||= 1;
    if (error instanceof Friendly) console.error(error.message);
    else if (isUsageError(error)) console.error(`${error.message}\n\n${help}`);
    else console.error(error);
  }
}

function isUsageError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
