import { createConnection } from 'node:net';
import { Friendly } from './friendly.ts';
import type { Addresses } from './interface.ts';

const variables = [
  'CARTWHEEL_POSTGRES_URL',
  'CARTWHEEL_KAFKA_BROKERS',
  'CARTWHEEL_RABBITMQ_URL',
  'CARTWHEEL_SMTP_URL',
  'CARTWHEEL_MAILBOX_URL',
] as const;
type Variable = (typeof variables)[number];

export function someAddressIsSet(environment: NodeJS.ProcessEnv = process.env): boolean {
  return variables.some((name) => environment[name]);
}

/** All five or none: a stack that is half ours and half somebody else's is a mistake more often than a wish. */
export function addressesInEnvironment(environment: NodeJS.ProcessEnv = process.env): Addresses {
  const missing = variables.filter((name) => !environment[name]);
  if (missing.length > 0) throw new Friendly(`Engines of your own need all addresses; not set: ${missing.join(', ')}.`);
  const text = (name: Variable) => environment[name] as string;
  const postgres = urlIn('CARTWHEEL_POSTGRES_URL', text);
  const smtp = urlIn('CARTWHEEL_SMTP_URL', text);
  urlIn('CARTWHEEL_RABBITMQ_URL', text);
  urlIn('CARTWHEEL_MAILBOX_URL', text);
  return {
    postgres: {
      host: postgres.hostname,
      port: Number(postgres.port || 5432),
      user: decodeURIComponent(postgres.username),
      password: decodeURIComponent(postgres.password),
    },
    kafka: {
      brokers: text('CARTWHEEL_KAFKA_BROKERS')
        .split(/[\s,]+/)
        .filter(Boolean),
    },
    rabbitmq: { url: text('CARTWHEEL_RABBITMQ_URL') },
    mail: { smtpHost: smtp.hostname, smtpPort: Number(smtp.port || 25), webUrl: text('CARTWHEEL_MAILBOX_URL') },
  };
}

/** One connection to each, to one Kafka broker at least. @throws Friendly that names those which do not answer */
export async function waitUntilReachable(addresses: Addresses): Promise<void> {
  const rabbitmq = new URL(addresses.rabbitmq.url);
  const web = new URL(addresses.mail.webUrl);
  const targets: Server[] = [
    ['PostgreSQL', addresses.postgres.host, addresses.postgres.port],
    ['RabbitMQ', rabbitmq.hostname, Number(rabbitmq.port || (rabbitmq.protocol === 'amqps:' ? 5671 : 5672))],
    ['the mail server', addresses.mail.smtpHost, addresses.mail.smtpPort],
    ['the mailbox', web.hostname, Number(web.port || (web.protocol === 'https:' ? 443 : 80))],
  ];
  const brokers = addresses.kafka.brokers.map((broker): Server => ['Kafka', ...splitHostPort(broker, 9092)]);
  const [silentServers, silentBrokers] = await Promise.all([silentOf(targets), silentOf(brokers)]);
  // A cluster works while one of its brokers is away.
  const silent = [...silentServers, ...(silentBrokers.length === brokers.length ? silentBrokers : [])];
  if (silent.length > 0) {
    const named = silent.map(([name, host, port]) => `${name} at ${host}:${port}`);
    throw new Friendly(`Nothing answers for ${named.join(', ')} (addresses from the CARTWHEEL_… variables).`);
  }
}

type Server = [name: string, host: string, port: number];

async function silentOf(servers: readonly Server[]): Promise<Server[]> {
  const answers = await Promise.all(servers.map(([, host, port]) => answers5s(host, port)));
  return servers.filter((_, position) => !answers[position]);
}

function answers5s(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: host.replace(/^\[|\]$/g, ''), port, timeout: 5_000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

function splitHostPort(address: string, otherwise: number): [string, number] {
  const found = /^(.*):(\d+)$/.exec(address);
  return found ? [found[1] as string, Number(found[2])] : [address, otherwise];
}

function urlIn(name: Variable, text: (name: Variable) => string): URL {
  if (!URL.canParse(text(name))) throw new Friendly(`${name} is "${text(name)}", which is no URL.`);
  return new URL(text(name));
}
