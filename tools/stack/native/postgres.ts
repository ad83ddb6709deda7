import { existsSync, readFileSync } from 'node:fs';
import { chown, copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { layers, runToEnd, startProcess, waitUntilReady } from '../processes.ts';
import { type PostgresPlace, placePostgres } from './postgres-place.ts';
import { type Start, repository } from './start.ts';

const configuration = join(repository, 'infra/postgres/postgresql.conf');

export async function startPostgres(start: Start): Promise<void> {
  await start.progress.step('PostgreSQL', async () => {
    const place = await placePostgres(start.folder);
    const data = join(place.home, 'data');
    if (!existsSync(readyMark(place))) await initialize(start, place, data);
    await copyFile(configuration, join(data, 'postgresql.conf'));

    start.signal.throwIfAborted();
    const server = startProcess({
      ...common(start, place),
      name: 'postgres',
      command: join(place.program, 'bin/postgres'),
      args: ['-D', data, '-p', String(start.ports.postgres)],
      // SIGINT: end the sessions and write everything down; SIGTERM would wait until clients leave by themselves.
      stopSignal: 'SIGINT',
      stopDeadlineMs: 15_000,
    });
    await waitUntilReady(server, () => saysReady(data, server.pid), { deadlineMs: 60_000, signal: start.signal });
  });
}

/** Wipes and starts over: a kill in the middle of initdb leaves a folder that looks like a database. */
async function initialize(start: Start, place: PostgresPlace, data: string): Promise<void> {
  const { user, password } = start.credentials.postgres;
  const passwordFile = join(place.home, 'password');
  await rm(data, { recursive: true, force: true });
  await writeFile(passwordFile, password + '\n', { mode: 0o600 });
  if (place.user) await chown(passwordFile, place.user.uid, place.user.gid);
  await runToEnd(
    {
      ...common(start, place),
      name: 'initdb',
      command: join(place.program, 'bin/initdb'),
      args: ['-D', data, '-U', user, `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--no-sync'].concat([
        '--locale=C.UTF-8',
        '--encoding=UTF8',
      ]),
    },
    start.signal,
  );
  await rm(passwordFile);
  await writeFile(readyMark(place), '');
}

function common(start: Start, place: PostgresPlace) {
  // A bare environment: PGDATA, PGPORT and the like of the person at the keyboard are meant for another server.
  const env = { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' };
  return { folder: start.folder, layer: layers.engine, env, cwd: place.home, ...place.user };
}

const readyMark = (place: PostgresPlace) => join(place.home, 'ready');

/** The server's own note for pg_ctl: its pid in line 1, its status in line 8. Another server on the port cannot fake it. */
function saysReady(data: string, pid: number): boolean {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
  } catch {
    return false;
  }
}
