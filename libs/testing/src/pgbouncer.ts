import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chmodSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { eventually } from './eventually.ts';

/** Debian puts it where only administrators look. */
const FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];

/** Where this machine has pgbouncer; undefined: nowhere (apt: pgbouncer). */
export function pgbouncerProgram(): string | undefined {
  return FOLDERS.map((folder) => join(folder, 'pgbouncer')).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** A pgbouncer with its own defaults in front of one database. `url`: the same database, by the same role, through it. */
export async function pgbouncer(
  target: string,
  { poolMode, poolSize = 3 }: { poolMode: 'session' | 'transaction'; poolSize?: number },
): Promise<{ url: string; stop: () => Promise<void> }> {
  const { hostname, port, username, password, pathname } = new URL(target);
  const database = pathname.slice(1);
  const own = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'pgbouncer-'));
  writeFileSync(join(folder, 'users.txt'), `"${username}" "${decodeURIComponent(password)}"\n`);
  writeFileSync(
    join(folder, 'pgbouncer.ini'),
    `[databases]
${database} = host=${hostname} port=${port} dbname=${database}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = plain
auth_file = ${join(folder, 'users.txt')}
pool_mode = ${poolMode}
default_pool_size = ${poolSize}
`,
  );
  for (const file of ['', 'users.txt', 'pgbouncer.ini']) chmodSync(join(folder, file), 0o755);
  // It does not run as root. 65534: nobody.
  const as = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const child = spawn(pgbouncerProgram()!, ['-q', join(folder, 'pgbouncer.ini')], { stdio: 'ignore', ...as });
  const ended = once(child, 'exit');
  await eventually(async () => {
    const socket = connect(own, '127.0.0.1');
    await once(socket, 'connect').finally(() => socket.destroy());
  });
  const url = new URL(target);
  url.port = String(own);
  url.hostname = '127.0.0.1';
  return {
    url: url.href,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
