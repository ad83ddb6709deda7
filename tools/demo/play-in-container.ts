import { asProgram } from '../program.ts';
import { targetFromEnvironment } from '../shop/environment.ts';
import { play } from './play.ts';

const HELP = `docker compose --profile demo run --rm demo
Places the demo's orders in the shop whose addresses are in the environment,
prints their table, and checks every promise. Exit code 0: all as it had to.
For a shop whose stock the demo has not used up yet: a second run finds the
lamps sold, and says so.`;

await asProgram(HELP, {}, async (_, signal) => {
  if (!(await play(targetFromEnvironment(), Date.now(), signal))) process.exitCode = 1;
});
