import { mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { layers, startProcess, waitUntilReady } from '../processes.ts';
import { type Start, repository } from './start.ts';

const settings = join(repository, 'infra/rabbitmq/rabbitmq.conf');

export async function startRabbitmq(start: Start): Promise<void> {
  await start.progress.step('RabbitMQ', async () => {
    const home = join(start.folder, 'rabbitmq');
    await mkdir(home, { recursive: true });
    await writeConfiguration(home, start);
    await linkServer(home, start.tools.rabbitmqScripts);
    await startEpmd(home, start);

    start.signal.throwIfAborted();
    const broker = startProcess({
      name: 'rabbitmq',
      command: join(start.tools.rabbitmqScripts, 'rabbitmq-server'),
      args: [],
      folder: start.folder,
      layer: layers.engine,
      env: environment(home, start),
      cwd: home,
      stopDeadlineMs: 15_000,
    });
    // A SIGTERM in the Erlang VM's first 100 ms is lost, so do not let Ctrl-C come that early.
    await sleep(300);
    // Read from its own log: on the wire another broker might answer, if it was quicker to take the port.
    const ready = () => broker.log().includes(`started TCP listener on 127.0.0.1:${start.ports.rabbitmq}`);
    await waitUntilReady(broker, ready, { deadlineMs: 90_000, signal: start.signal });
  });
}

async function writeConfiguration(home: string, { ports, credentials }: Start): Promise<void> {
  const own = [
    `listeners.tcp.local = 127.0.0.1:${ports.rabbitmq}`,
    `default_user = ${credentials.rabbitmq.user}`,
    `default_pass = ${credentials.rabbitmq.password}`,
  ];
  await writeFile(join(home, 'rabbitmq.conf'), `${await readFile(settings, 'utf8')}\n${own.join('\n')}\n`);
  await writeFile(join(home, 'enabled_plugins'), '[].\n');
}

/**
 * The server again, by links, without the optional plugins. Erlang looks for every module in every plugin's folder;
 * with half of them the broker is up in 3 s instead of 5.
 */
async function linkServer(home: string, scripts: string): Promise<void> {
  const server = join(home, 'server');
  const plugins = join(dirname(scripts), 'plugins');
  await rm(server, { recursive: true, force: true });
  await mkdir(join(server, 'plugins'), { recursive: true });
  await symlink(scripts, join(server, 'sbin'));
  const isOptional = (name: string) => name.startsWith('rabbitmq_') && !name.startsWith('rabbitmq_prelaunch');
  for (const name of await readdir(plugins)) {
    if (!isOptional(name)) await symlink(join(plugins, name), join(server, 'plugins', name));
  }
}

/** Erlang's port mapper. Left to itself the broker would start one that outlives it; ours is a child like any other. */
async function startEpmd(home: string, start: Start): Promise<void> {
  start.signal.throwIfAborted();
  const epmd = startProcess({
    name: 'epmd',
    command: start.tools.epmd,
    // -d -d: says in its log when it listens.
    args: ['-d', '-d', '-address', '127.0.0.1', '-port', String(start.ports.epmd)],
    folder: start.folder,
    layer: layers.beneath,
    env: environment(home, start),
    cwd: home,
  });
  const ready = () => epmd.log().includes('entering the main select() loop');
  await waitUntilReady(epmd, ready, { deadlineMs: 10_000, signal: start.signal });
}

function environment(home: string, { ports }: Start): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    LC_ALL: 'C.UTF-8',
    // Relative to the working folder, because the script breaks at a blank in this path.
    RABBITMQ_SCRIPTS_DIR: 'server/sbin',
    // Holds the Erlang cookie: a private one keeps this node apart from the machine's own.
    HOME: home,
    // Makes the start script become the Erlang VM instead of waiting for it, so that our pid is the broker's.
    RUNNING_UNDER_SYSTEMD: 'true',
    ERL_EPMD_PORT: String(ports.epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: 'cartwheel@localhost',
    RABBITMQ_NODE_PORT: String(ports.rabbitmq),
    RABBITMQ_DIST_PORT: String(ports.rabbitmqDist),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    RABBITMQ_MNESIA_BASE: join(home, 'data'),
    RABBITMQ_LOG_BASE: join(home, 'log'),
    RABBITMQ_SCHEMA_DIR: join(home, 'schema'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(home, 'generated'),
    RABBITMQ_PID_FILE: join(home, 'pid'),
    RABBITMQ_CONFIG_FILE: join(home, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(home, 'enabled_plugins'),
    // Named although absent: otherwise the machine's own files in /etc/rabbitmq count.
    RABBITMQ_ADVANCED_CONFIG_FILE: join(home, 'advanced.config'),
    RABBITMQ_CONF_ENV_FILE: join(home, 'rabbitmq-env.conf'),
  };
}
