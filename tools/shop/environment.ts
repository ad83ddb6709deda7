import { adminUrl, type ServiceName, services } from '../setup/databases.ts';
import { addressesInEnvironment } from '../stack/external.ts';
import { Friendly } from '../stack/friendly.ts';
import type { Target } from '../verify/verify.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A shop whose engines and services are named in the environment, as they are in the containers of docker-compose.yml. */
export function targetFromEnvironment(environment: Environment = process.env): Target {
  const { postgres, kafka, rabbitmq, mail } = addressesInEnvironment(environment);
  const namespace = environment['CARTWHEEL_NAMESPACE'] ?? '';
  return {
    namespace,
    databases: mapServices((name) => adminUrl(postgres, name, namespace)),
    kafkaBrokers: kafka.brokers,
    rabbitmqUrl: rabbitmq.url,
    gatewayUrl: urlOf('gateway', environment),
    mailboxUrl: mail.webUrl,
    urls: urlsInEnvironment(environment),
  };
}

export function urlsInEnvironment(environment: Environment = process.env): Target['urls'] {
  return mapServices((name) => urlOf(name, environment));
}

/** `CARTWHEEL_ORDER_URL` and so on. @throws Friendly when it is not set */
export function urlOf(name: ServiceName | 'gateway' | 'mailbox', environment: Environment = process.env): string {
  const variable = `CARTWHEEL_${name.toUpperCase()}_URL`;
  const url = environment[variable];
  if (url === undefined || !URL.canParse(url)) throw new Friendly(`${variable} is missing, or no URL.`);
  return url;
}

function mapServices<T>(of: (name: ServiceName) => T): Record<ServiceName, T> {
  return Object.fromEntries(services.map((name) => [name, of(name)])) as Record<ServiceName, T>;
}
