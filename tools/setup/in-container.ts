import { asProgram } from '../program.ts';
import { addressesInEnvironment } from '../stack/external.ts';
import { createProgress } from '../stack/progress.ts';
import { services } from './databases.ts';
import { replicationFromEnvironment } from './replication.ts';
import { setUp } from './setup.ts';

const HELP = `The first container of docker compose up: databases, roles, tables, seed,
topics, queues. What is there stays. Administrator addresses as for npm run
setup, and <SERVICE>_DATABASE_PASSWORD for the role of each service.`;

await asProgram(HELP, {}, async () => {
  const { postgres, kafka, rabbitmq } = addressesInEnvironment();
  const given = services.map(
    (service) => [service, process.env[`${service.toUpperCase()}_DATABASE_PASSWORD`]] as const,
  );
  const progress = createProgress(process.stdout);
  const replication = replicationFromEnvironment();
  await progress.step('set-up: databases, topics, queues', () =>
    setUp(
      {
        replication,
        postgres,
        kafkaBrokers: kafka.brokers,
        rabbitmqUrl: rabbitmq.url,
        namespace: process.env['CARTWHEEL_NAMESPACE'] ?? '',
        passwords: Object.fromEntries(given.filter(([, password]) => password)),
      },
      progress.say,
    ),
  );
});
