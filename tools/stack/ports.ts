import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { Friendly } from './friendly.ts';

/** The ports that the engines listen on. */
export type Ports = {
  postgres: number;
  kafka: number;
  kafkaController: number;
  /** The second and the third broker, of a cluster of three only. */
  kafka2: number;
  kafkaController2: number;
  kafka3: number;
  kafkaController3: number;
  rabbitmq: number;
  rabbitmqDist: number;
  /** Its web page; in Docker only. */
  rabbitmqManagement: number;
  epmd: number;
  smtp: number;
  mailbox: number;
};

export type AppPorts = {
  order: number;
  payment: number;
  inventory: number;
  email: number;
  analytics: number;
  gatewaySimulator: number;
};

const distances: Record<keyof (AppPorts & Ports), number> = {
  order: 1,
  payment: 2,
  inventory: 3,
  email: 4,
  analytics: 5,
  gatewaySimulator: 10,
  smtp: 25,
  mailbox: 80,
  kafka: 92,
  kafkaController: 93,
  kafka2: 94,
  kafkaController2: 95,
  kafka3: 96,
  kafkaController3: 97,
  postgres: 432,
  rabbitmq: 672,
  rabbitmqDist: 673,
  epmd: 674,
  rabbitmqManagement: 675,
};
const names = Object.keys(distances) as (keyof typeof distances)[];
const highest = 65_535 - Math.max(...Object.values(distances));

/** The base from `CARTWHEEL_PORT_BASE`, 7000 when it is not set. */
export function portBase(environment: NodeJS.ProcessEnv = process.env): number {
  const text = environment['CARTWHEEL_PORT_BASE'] ?? '7000';
  const base = Number(text);
  if (!Number.isInteger(base) || base < 1024 || base > highest) {
    throw new Friendly(`CARTWHEEL_PORT_BASE is "${text}"; it must be a whole number from 1024 to ${highest}.`);
  }
  return base;
}

export function portsFromBase(base: number): AppPorts & Ports {
  return mapNames((name) => base + distances[name]);
}

/** Ports that were free a moment ago, from 10001 to 32767: below the range from which the system takes its own. */
export async function freePorts(): Promise<AppPorts & Ports> {
  const chosen = new Set<number>();
  while (chosen.size < names.length) {
    const port = 10_001 + Math.floor(Math.random() * 22_767);
    if (await isFree(port)) chosen.add(port);
  }
  const free = [...chosen];
  return mapNames((_, position) => free[position] as number);
}

/** Throws a friendly error for the first port that something else listens on. */
export async function assertPortsFree(ports: Record<string, number>): Promise<void> {
  for (const [wantedBy, port] of Object.entries(ports)) {
    if (await isFree(port)) continue;
    const holder = holderOf(port);
    throw new Friendly(
      `Port ${port} (${wantedBy}) is in use${holder ? ` by ${holder}` : ''}. ` +
        `Free it, or move all ports: CARTWHEEL_PORT_BASE=${suggestion(ports)}`,
    );
  }
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Name and pid of the process that listens on a port, as far as the system tells us. */
function holderOf(port: number): string | undefined {
  const ss = spawnSync('ss', ['-Hltnp', `sport = :${port}`], { encoding: 'utf8' });
  const user = /users:\(\("([^"]+)",pid=(\d+)/.exec(ss.stdout ?? '');
  if (user) return `${user[1]} (pid ${user[2]})`;
  const lsof = spawnSync('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'], { encoding: 'utf8' });
  const found = /^p(\d+)\nc(.+)$/m.exec(lsof.stdout ?? '');
  return found ? `${found[2]} (pid ${found[1]})` : undefined;
}

function suggestion(ports: Record<string, number>): number {
  const above = Math.min(...Object.values(ports)) + 1000;
  return above <= highest ? Math.floor(above / 1000) * 1000 : 7000;
}

function mapNames(portOf: (name: keyof typeof distances, position: number) => number): AppPorts & Ports {
  return Object.fromEntries(names.map((name, position) => [name, portOf(name, position)])) as AppPorts & Ports;
}
