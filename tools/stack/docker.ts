import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { Friendly, PortTaken } from './friendly.ts';
import type { Addresses, Stack, StackOptions } from './interface.ts';
import { stopRecorded } from './leftovers.ts';
import { repository } from './native/start.ts';
import type { Ports } from './ports.ts';

/** The engines of docker-compose.yml; the services run as processes of this machine, as they do on native engines. */
const engines = ['postgres', 'kafka', 'rabbitmq', 'maildev'];
const READY_DEADLINE_S = 180;
const STOP_DEADLINE_S = 20;

/** Docker answers, but an image is neither here nor to be had. */
export class ImagesMissing extends Friendly {}

/** Why Docker cannot be used, as half a sentence; undefined when it can. */
export async function dockerIsMissing(): Promise<string | undefined> {
  const engine = await run(['info', '--format', '{{.ServerVersion}}']);
  if (engine.code !== 0) return 'no Docker engine answers';
  const compose = await run(['compose', 'version', '--short']);
  return compose.code === 0 ? undefined : 'Docker has no compose plugin (docker compose version)';
}

/** Starts the engines as a compose project of the folder's own. */
export async function startDocker(options: StackOptions & { ports: Ports }): Promise<Stack> {
  const { folder, ports, progress, signal } = options;
  const compose = composeOf(folder, ports);
  const isFresh = options.data !== 'keep';
  const remove = () => compose.run(['down', '--timeout', `${STOP_DEADLINE_S}`, ...(isFresh ? ['--volumes'] : [])]);
  await ensureImages(compose, options);
  const stop = async () => {
    await stopRecorded(folder);
    await remove();
  };
  try {
    await progress.step('PostgreSQL, Kafka, RabbitMQ and a mailbox, in Docker', () =>
      compose.run(['up', '--detach', '--wait', '--wait-timeout', `${READY_DEADLINE_S}`, ...engines], signal),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { provider: 'docker', addresses: addressesOf(ports), stop };
}

/** The same through testcontainers, whose reaper removes the containers also when this process is killed. */
export async function startTestcontainers(options: StackOptions & { ports: Ports }): Promise<Stack> {
  const { folder, ports, progress } = options;
  const compose = composeOf(folder, ports);
  await ensureImages(compose, options);
  const { DockerComposeEnvironment, Wait } = await import('testcontainers');
  const started = await progress.step('PostgreSQL, Kafka, RabbitMQ and a mailbox, in Docker', () =>
    new DockerComposeEnvironment(repository, 'docker-compose.yml')
      .withProjectName(compose.project)
      .withEnvironment(compose.variables)
      .withDefaultWaitStrategy(Wait.forHealthCheck())
      .withStartupTimeout(READY_DEADLINE_S * 1_000)
      .up(engines)
      .catch((error: unknown) => {
        throw readable(error instanceof Error ? error.message : String(error));
      }),
  );
  const stop = async () => {
    await stopRecorded(folder);
    await started.down({ timeout: STOP_DEADLINE_S * 1_000, removeVolumes: true });
  };
  if (options.signal?.aborted) {
    await stop();
    options.signal.throwIfAborted();
  }
  return { provider: 'docker', addresses: addressesOf(ports), stop };
}

/** Removes the containers of a folder's stack and keeps its data; tells how many there were. Without Docker: none. */
export async function removeContainers(folder: string): Promise<number> {
  if ((await dockerIsMissing()) !== undefined) return 0;
  const compose = composeOf(folder);
  const containers = (await compose.run(['ps', '--all', '--quiet'])).split('\n').filter(Boolean).length;
  if (containers > 0) await compose.run(['down', '--timeout', `${STOP_DEADLINE_S}`]);
  return containers;
}

type Compose = ReturnType<typeof composeOf>;

function composeOf(folder: string, ports?: Ports) {
  // Two checkouts have two demos; compose knows a project by its name alone.
  const project = `cartwheel-${basename(folder)}-${createHash('sha256').update(folder).digest('hex').slice(0, 6)}`;
  const variables: Record<string, string> = ports
    ? {
        CARTWHEEL_POSTGRES_PORT: String(ports.postgres),
        CARTWHEEL_KAFKA_PORT: String(ports.kafka),
        CARTWHEEL_RABBITMQ_PORT: String(ports.rabbitmq),
        CARTWHEEL_RABBITMQ_MANAGEMENT_PORT: String(ports.rabbitmqManagement),
        CARTWHEEL_SMTP_PORT: String(ports.smtp),
        CARTWHEEL_MAILBOX_PORT: String(ports.mailbox),
      }
    : {};
  return {
    project,
    variables,
    /** What the command printed. @throws Friendly with the end of what it said */
    async run(args: readonly string[], signal?: AbortSignal): Promise<string> {
      const { code, stdout, stderr } = await run(['compose', '--project-name', project, ...args], variables, signal);
      signal?.throwIfAborted();
      if (code !== 0) throw readable(stderr);
      return stdout;
    },
  };
}

async function ensureImages(compose: Compose, { progress, signal }: StackOptions): Promise<void> {
  const images = [...new Set((await compose.run(['config', '--images', ...engines])).split('\n').filter(Boolean))];
  const found = await Promise.all(images.map((image) => run(['image', 'inspect', '--format', '{{.Id}}', image])));
  const missing = images.filter((_, position) => found[position]!.code !== 0);
  if (missing.length === 0) return;
  try {
    await progress.step(`Docker: downloading ${missing.join(', ')} (once)`, () =>
      compose.run(['pull', '--quiet', ...engines], signal),
    );
  } catch (error) {
    signal?.throwIfAborted();
    throw new ImagesMissing(`Docker cannot download ${missing.join(', ')}: ${(error as Error).message}`);
  }
}

function readable(said: string): Friendly {
  const end = said.trim().split('\n').slice(-12).join('\n');
  if (/port is already allocated|address already in use/.test(said)) return new PortTaken(`Docker: ${end}`);
  // Of testcontainers' reaper, for example, which compose does not know.
  if (/registry|pull access denied/.test(said)) return new ImagesMissing(`Docker cannot download an image: ${end}`);
  return new Friendly(`Docker: ${end}`);
}

function addressesOf(ports: Ports): Addresses {
  const secret = (name: string) => process.env[name] ?? 'cartwheel';
  const rabbitmq = encodeURIComponent(secret('CARTWHEEL_RABBITMQ_PASSWORD'));
  return {
    postgres: {
      host: '127.0.0.1',
      port: ports.postgres,
      user: 'postgres',
      password: secret('CARTWHEEL_POSTGRES_PASSWORD'),
    },
    kafka: { brokers: [`127.0.0.1:${ports.kafka}`] },
    rabbitmq: { url: `amqp://cartwheel:${rabbitmq}@127.0.0.1:${ports.rabbitmq}` },
    mail: { smtpHost: '127.0.0.1', smtpPort: ports.smtp, webUrl: `http://127.0.0.1:${ports.mailbox}` },
  };
}

/** In a session of its own: Ctrl-C reaches only us, and we stop things in order. */
function run(args: readonly string[], variables: Record<string, string> = {}, signal?: AbortSignal) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = spawn('docker', args, {
      cwd: repository,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...variables },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    const stop = () => child.kill('SIGINT');
    signal?.addEventListener('abort', stop);
    const end = (code: number | null) => {
      signal?.removeEventListener('abort', stop);
      resolve({ code, stdout, stderr });
    };
    child.once('error', () => end(127));
    child.once('close', end);
  });
}
