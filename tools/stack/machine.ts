import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What `requirements.ts` asks this machine; a test gives another. */
export interface Machine {
  platform: NodeJS.Platform;
  isRoot: boolean;
  environment: NodeJS.ProcessEnv;
  /** The text of /etc/os-release, empty where there is none. */
  osRelease: string;
  which(command: string): string | undefined;
  isExecutable(path: string): boolean;
  realPath(path: string): string;
  /** Names in a folder, none when it is not there. */
  list(folder: string): string[];
  run(command: string, args: string[]): { ok: boolean; output: string };
}

export const thisMachine: Machine = {
  platform: process.platform,
  isRoot: process.getuid?.() === 0,
  environment: process.env,
  osRelease: orElse(() => readFileSync('/etc/os-release', 'utf8'), ''),
  which: (command) =>
    // As root without a login shell, sbin folders may be missing from PATH.
    [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
      .filter(Boolean)
      .map((folder) => join(folder, command))
      .find(isExecutable),
  isExecutable,
  realPath: (path) => orElse(() => realpathSync(path), path),
  list: (folder) => orElse(() => readdirSync(folder), []),
  run(command, args) {
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 20_000 });
    return { ok: status === 0, output: `${stdout ?? ''}${stderr ?? ''}` };
  },
};

function isExecutable(path: string): boolean {
  return orElse(() => {
    accessSync(path, constants.X_OK);
    return true;
  }, false);
}

function orElse<T>(attempt: () => T, otherwise: T): T {
  try {
    return attempt();
  } catch {
    return otherwise;
  }
}
