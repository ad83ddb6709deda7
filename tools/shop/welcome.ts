import { asProgram } from '../program.ts';
import { addressLines } from './addresses.ts';
import { urlOf, urlsInEnvironment } from './environment.ts';

/** The last container of `docker compose up`: it starts when all services are ready, says where to look, and ends. */
await asProgram('Says where the shop is.', {}, async () => {
  const places = { urls: urlsInEnvironment(), gatewayUrl: urlOf('gateway'), mailboxUrl: urlOf('mailbox') };
  console.log(`\nThe shop is open.\n\n${addressLines(places)}\n
What a service says:  docker compose logs -f order
The demo's orders:    docker compose --profile demo run --rm demo
Stop; data is kept:   docker compose down      (and lose it: down -v)`);
});
