import { asProgram } from '../program.ts';
import { targetFromEnvironment } from '../shop/environment.ts';
import { IMPATIENT } from './orders.ts';
import { play } from './play.ts';

const HELP = `docker compose --profile demo run --rm demo
Places the demo's orders in the shop whose addresses are in the environment,
prints their table, and checks every promise. Exit code 0: all as it had to.
For a shop whose stock the demo has not used up yet: a second run finds the
lamps sold, and says so. With the ORDER_TIMEOUT_MS and GATEWAY_TIMEOUT_MS of
npm run demo (10000 and 6000, set for the shop too) one more order times out.`;

await asProgram(HELP, {}, async (_, signal) => {
  const impatient = process.env['ORDER_TIMEOUT_MS'] === IMPATIENT.ORDER_TIMEOUT_MS;
  const good = await play(targetFromEnvironment(), { begun: Date.now(), signal, impatient });
  if (!good) process.exitCode = 1;
});
