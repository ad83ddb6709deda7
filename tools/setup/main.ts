import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asProgram } from '../program.ts';
import { addressesInEnvironment } from '../stack/external.ts';
import { Friendly } from '../stack/friendly.ts';
import { portBase, portsFromBase } from '../stack/ports.ts';
import { createProgress } from '../stack/progress.ts';
import { cleanUpOf } from './clean-up.ts';
import { services } from './databases.ts';
import { replicationFromEnvironment } from './replication.ts';
import { setUp } from './setup.ts';

const HELP = `npm run setup                    prepare engines of your own
  -- --namespace <name>          before every database, topic and queue
  -- --clean-up                  say which ids no topic needs any more; no set-up
  -- --clean-up --apply          and drop them (docs/howto/growing-topics.md)
Reads administrator addresses from the environment:
  CARTWHEEL_POSTGRES_URL    postgresql://admin:secret@host:port
  CARTWHEEL_KAFKA_BROKERS   host:port[,host:port]
  CARTWHEEL_RABBITMQ_URL    amqp://user:secret@host:port
  CARTWHEEL_SMTP_URL        smtp://host:port
  CARTWHEEL_MAILBOX_URL     http://host:port
and, if your brokers' default is not what you want for the topics:
  KAFKA_REPLICATION_FACTOR  copies of a new topic, 3 on three brokers or more
  KAFKA_MIN_INSYNC_REPLICAS how many must have a record before it is
                            confirmed; left out: 2 of three copies, else 1
Creates databases, roles, tables, seed, topics and queues; what is there
stays, but each service's role gets a new password each time: restart the
services. It is written with the service's other settings to
.cartwheel/setup/<service>.env, which only you may read.`;

const options = { namespace: { type: 'string' }, 'clean-up': { type: 'boolean' }, apply: { type: 'boolean' } } as const;

await asProgram(HELP, options, async ({ namespace = '', flags }) => {
  if (!/^[a-z0-9-]*$/.test(namespace)) throw new Friendly('--namespace may hold a-z, 0-9 and - only.');
  const ports = portsFromBase(portBase());
  const { postgres, kafka, rabbitmq } = addressesInEnvironment();
  if (flags.has('clean-up'))
    return cleanUpOf({ postgres, brokers: kafka.brokers, namespace, apply: flags.has('apply') });
  if (flags.has('apply')) throw new Friendly('--apply belongs to --clean-up.');
  const progress = createProgress();
  const target = { postgres, kafkaBrokers: kafka.brokers, rabbitmqUrl: rabbitmq.url, namespace };
  const replication = replicationFromEnvironment();
  const databases = await progress.step('databases, topics, queues', () =>
    setUp({ ...target, replication }, progress.say),
  );
  const folder = join(import.meta.dirname, '../../.cartwheel/setup');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const service of services) {
    const lines = {
      DATABASE_URL: databases[service].service,
      KAFKA_BROKERS: kafka.brokers.join(','),
      RABBITMQ_URL: rabbitmq.url,
      CARTWHEEL_NAMESPACE: namespace,
      HTTP_PORT: String(ports[service]),
      ...(service === 'payment'
        ? {
            GATEWAY_URL: `http://127.0.0.1:${ports.gatewaySimulator}`,
            GATEWAY_API_KEY: 'sk_test_simulator',
            // Whoever starts the simulator gives it the same as WEBHOOK_SECRET.
            GATEWAY_WEBHOOK_SECRET: `whsec_${randomBytes(24).toString('base64url')}`,
          }
        : {}),
      ...(service === 'email' ? { SMTP_URL: process.env['CARTWHEEL_SMTP_URL'] ?? '' } : {}),
    };
    const text = Object.entries(lines).map(([name, value]) => `${name}=${value}\n`);
    const file = join(folder, `${service}.env`);
    writeFileSync(file, text.join(''), { mode: 0o600 });
    chmodSync(file, 0o600);
  }
  console.log(`Done. The services' environments are in ${folder}.`);
});
