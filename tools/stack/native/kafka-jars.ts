import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { runToEnd } from '../processes.ts';
import { type Start, repository } from './start.ts';

const pom = join(repository, 'infra/kafka/pom.xml');

/** Named after the pom's content too, so that a changed pom never meets the jars of the old one. */
export function jarsFolder(cache: string): string {
  const text = readFileSync(pom, 'utf8');
  const version = /<kafka\.version>(.+)<\/kafka\.version>/.exec(text)?.[1];
  return join(cache, `kafka-${version}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`);
}

export function areJarsThere(cache: string): boolean {
  return existsSync(jarsFolder(cache));
}

export async function downloadJars({ folder, cache, tools, progress, signal }: Start): Promise<void> {
  if (areJarsThere(cache)) return;
  await progress.step('Kafka: downloading 47 jars (once)', () =>
    makeWhole(jarsFolder(cache), (draft) =>
      runToEnd(
        {
          name: 'maven',
          command: tools.maven ?? 'mvn',
          args: ['-q', '-B', '--strict-checksums', '-f', pom, 'dependency:copy-dependencies'].concat([
            '-DincludeScope=runtime',
            `-DoutputDirectory=${draft}`,
          ]),
          folder,
        },
        signal,
      ),
    ),
  );
}

/** Sorted: an archive of classes is valid only for the very same class path. */
export function classPath(cache: string): string {
  const folder = jarsFolder(cache);
  const jars = readdirSync(folder).filter((name) => name.endsWith('.jar'));
  return jars
    .toSorted()
    .map((name) => join(folder, name))
    .join(delimiter);
}

/**
 * Fills a folder that must be seen whole or not at all. Two processes may do it at once: the first to finish wins, and
 * the other throws its own work away.
 */
export async function makeWhole(target: string, fill: (draft: string) => Promise<void>): Promise<void> {
  const drafts = `${target}.draft-`;
  const draft = drafts + randomUUID().slice(0, 8);
  await mkdir(draft, { recursive: true });
  await sweep(drafts);
  try {
    await fill(draft);
    await rename(draft, target).catch((error: unknown) => {
      if (!existsSync(target)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Drafts of processes that were killed; half an hour is longer than anybody waits for 47 jars. */
async function sweep(drafts: string): Promise<void> {
  for (const name of await readdir(dirname(drafts))) {
    const path = join(dirname(drafts), name);
    if (!path.startsWith(drafts)) continue;
    const found = await stat(path).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > 30 * 60_000) await rm(path, { recursive: true, force: true });
  }
}
