import { randomBytes } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ServiceName, services } from '../setup/databases.ts';
import { replicationFromEnvironment } from '../setup/replication.ts';
import { setUp } from '../setup/setup.ts';
import { type RunningProcess, startProcess, waitUntilReady } from '../stack/processes.ts';
import type { AppPorts } from '../stack/ports.ts';
import type { Progress } from '../stack/progress.ts';
import type { Addresses } from '../stack/stack.ts';
import type { Target } from '../verify/verify.ts';

export type Shop = {
  readonly target: Target;
  /** The five that were started with the shop. */
  readonly instances: Readonly<Record<ServiceName, RunningProcess>>;
  /** One more instance, beside what runs or in place of what was stopped. Returns when it is ready. */
  readonly startInstance: (name: ServiceName, port: number) => Promise<RunningProcess>;
  /** Starts a service that has ended, or one more instance of it; does not wait until it is ready. */
  readonly startService: (name: ServiceName, more?: More) => RunningProcess;
  /** Stops what was started last under this name. */
  readonly stopService: (name: ServiceName) => Promise<void>;
};

/** What a service is started with beside the usual. */
export type More = {
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Of its log, when the service's name is taken by another instance. */
  readonly name?: string;
};

export type ShopOptions = {
  readonly folder: string;
  readonly addresses: Addresses;
  readonly ports: AppPorts;
  readonly namespace?: string;
  readonly partitions?: number;
  /** The gateway simulator's; left out: in the folder. It belongs to the orders of one set of databases. */
  readonly ledgerFile?: string;
  /** More for the services' environment, for example a short ORDER_TIMEOUT_MS. */
  readonly env?: Readonly<Record<string, string>>;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
};

const root = join(import.meta.dirname, '../..');
const READY_DEADLINE_MS = 60_000;

/**
 * Sets up databases and brokers, starts the gateway simulator and the five services, and returns when all are ready.
 * `<folder>/shop.json` then says where everything is. Whatever was started is recorded in the folder and stops with it.
 */
export async function startShop(options: ShopOptions): Promise<Shop> {
  const { folder, addresses, ports, namespace = '', partitions, progress } = options;
  const databases = await progress.step('set-up: databases, topics, queues', () =>
    setUp(
      {
        replication: replicationFromEnvironment(),
        postgres: addresses.postgres,
        kafkaBrokers: addresses.kafka.brokers,
        rabbitmqUrl: addresses.rabbitmq.url,
        namespace,
        ...(partitions === undefined ? {} : { partitions }),
      },
      progress.say,
    ),
  );
  const at = (port: number) => `http://127.0.0.1:${port}`;
  const target: Target = {
    namespace,
    databases: mapServices((name) => databases[name].admin),
    kafkaBrokers: addresses.kafka.brokers,
    rabbitmqUrl: addresses.rabbitmq.url,
    gatewayUrl: at(ports.gatewaySimulator),
    mailboxUrl: addresses.mail.webUrl,
    urls: mapServices((name) => at(ports[name])),
    opsToken: randomBytes(24).toString('base64url'),
  };
  // Known to the simulator and to payment, and to nobody else.
  const webhookSecret = `whsec_${randomBytes(24).toString('base64url')}`;
  const shared = {
    ...inherited(),
    KAFKA_BROKERS: addresses.kafka.brokers.join(','),
    RABBITMQ_URL: addresses.rabbitmq.url,
    CARTWHEEL_NAMESPACE: namespace,
    OPS_TOKEN: target.opsToken,
    GATEWAY_URL: target.gatewayUrl,
    // The simulator takes any test key; Stripe's own belongs into the environment of whoever charges for real.
    GATEWAY_API_KEY: process.env['GATEWAY_API_KEY'] ?? 'sk_test_simulator',
    GATEWAY_WEBHOOK_SECRET: webhookSecret,
    SMTP_URL: `smtp://${addresses.mail.smtpHost}:${addresses.mail.smtpPort}?ignoreTLS=true`,
    ...options.env,
  };
  const running = new Map<string, RunningProcess>();
  const launch = (program: string, env: NodeJS.ProcessEnv, { name = program, nodeArgs = [], env: own }: More = {}) => {
    const main = join(root, 'apps', program, 'dist/main.js');
    const started = startProcess({
      name,
      command: process.execPath,
      args: ['--disable-warning=TimeoutNegativeWarning', ...nodeArgs, main],
      folder,
      cwd: root,
      env: { ...env, ...own },
      stopDeadlineMs: 25_000,
    });
    running.set(name, started);
    return started;
  };
  const startService = (name: ServiceName, more?: More) =>
    launch(name, { ...shared, HTTP_PORT: String(ports[name]), DATABASE_URL: databases[name].service }, more);
  const ready = async (started: RunningProcess, url: string) => {
    const signal = options.signal ? { signal: options.signal } : {};
    await waitUntilReady(started, () => answers(`${url}/health/ready`), { deadlineMs: READY_DEADLINE_MS, ...signal });
    return started;
  };
  const gateway = {
    ...inherited(),
    HTTP_PORT: String(ports.gatewaySimulator),
    LEDGER_FILE: options.ledgerFile ?? join(folder, 'gateway.sqlite'),
    WEBHOOK_URL: `${target.urls.payment}/gateway/webhooks`,
    WEBHOOK_SECRET: webhookSecret,
  };
  await progress.step('services: gateway simulator, order, payment, inventory, email, analytics', () =>
    Promise.all([
      ready(launch('gateway-simulator', gateway), target.gatewayUrl),
      ...services.map((name) => ready(startService(name), target.urls[name])),
    ]),
  );
  saveTarget(folder, target);
  return {
    target,
    instances: mapServices((name) => running.get(name)!),
    startInstance: (name, port) => ready(startService(name, { env: { HTTP_PORT: String(port) } }), at(port)),
    startService,
    stopService: async (name) => running.get(name)?.stop(),
  };
}

/** For `npm run verify` and `dead-letters`. Only its owner may read it: it holds the administrator's password and theirs. */
function saveTarget(folder: string, target: Target): void {
  const file = join(folder, 'shop.json');
  writeFileSync(file, `${JSON.stringify(target, null, 2)}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
}

/** What a child needs of our environment. Our own configuration must not leak into the services'. */
function inherited(): NodeJS.ProcessEnv {
  const { PATH, HOME, TZ, LANG, LOG_LEVEL } = process.env;
  const telemetry = Object.entries(process.env).filter(([name]) => name.startsWith('OTEL_'));
  return { PATH, HOME, TZ, LANG, LOG_LEVEL: LOG_LEVEL ?? 'info', ...Object.fromEntries(telemetry) };
}

function mapServices<T>(of: (name: ServiceName) => T): Record<ServiceName, T> {
  return Object.fromEntries(services.map((name) => [name, of(name)])) as Record<ServiceName, T>;
}

async function answers(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(1_000) }).then(
    (response) => response.ok,
    () => false,
  );
}
