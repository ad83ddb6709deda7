import { adminUrl, type ServiceName, services } from '../setup/databases.ts';
import { addressesInEnvironment } from '../stack/external.ts';
import { Friendly } from '../stack/friendly.ts';
import { portsFromBase } from '../stack/ports.ts';
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
    opsToken: environment['OPS_TOKEN'] ?? '',
  };
}

/** The shop of `docker compose up`, seen from the host: the ports and passwords of docker-compose.yml. */
export function targetOfCompose(environment: Environment = process.env): Target {
  const port = (name: string, otherwise: number) =>
    `127.0.0.1:${environment[`CARTWHEEL_${name}_PORT`] ?? String(otherwise)}`;
  const password = (name: string) => encodeURIComponent(environment[`CARTWHEEL_${name}_PASSWORD`] ?? 'cartwheel');
  const { order, payment, inventory, email, analytics, gatewaySimulator, ...engine } = portsFromBase(7000);
  return targetFromEnvironment({
    OPS_TOKEN: environment['OPS_TOKEN'],
    CARTWHEEL_POSTGRES_URL: `postgresql://postgres:${password('POSTGRES')}@${port('POSTGRES', engine.postgres)}`,
    CARTWHEEL_KAFKA_BROKERS: port('KAFKA', engine.kafka),
    CARTWHEEL_RABBITMQ_URL: `amqp://cartwheel:${password('RABBITMQ')}@${port('RABBITMQ', engine.rabbitmq)}`,
    CARTWHEEL_SMTP_URL: `smtp://${port('SMTP', engine.smtp)}`,
    CARTWHEEL_MAILBOX_URL: `http://${port('MAILBOX', engine.mailbox)}`,
    CARTWHEEL_GATEWAY_URL: `http://${port('GATEWAY', gatewaySimulator)}`,
    CARTWHEEL_ORDER_URL: `http://${port('ORDER', order)}`,
    CARTWHEEL_PAYMENT_URL: `http://${port('PAYMENT', payment)}`,
    CARTWHEEL_INVENTORY_URL: `http://${port('INVENTORY', inventory)}`,
    CARTWHEEL_EMAIL_URL: `http://${port('EMAIL', email)}`,
    CARTWHEEL_ANALYTICS_URL: `http://${port('ANALYTICS', analytics)}`,
  });
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
