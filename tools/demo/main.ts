import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { asProgram } from '../program.ts';
import { addressLines } from '../shop/addresses.ts';
import { forgetLedger } from '../shop/forget-ledger.ts';
import { startShop } from '../shop/start-shop.ts';
import { brokersOption } from '../brokers-option.ts';
import { stackOption } from '../stack-option.ts';
import { portBase, portsFromBase } from '../stack/ports.ts';
import { createProgress } from '../stack/progress.ts';
import { startStack } from '../stack/stack.ts';
import { IMPATIENT } from './orders.ts';
import { play } from './play.ts';

const HELP = `npm run demo                a running shop and some thirty orders
  -- --once                 stop when the orders are done and checked
  -- --stack docker|native|external
                            which engines; left out: your own if their
                            addresses are set, Docker if it answers, native
  -- --brokers 3            Kafka as three brokers, native ones
Starts from empty databases, topics, queues, ledger and mailbox, in
.cartwheel/demo. Kills two services on the way of one order, lets eight buyers
race for three lamps, and publishes facts twice. On a terminal it stays up until
Ctrl-C.
CARTWHEEL_PORT_BASE (7000) moves all ports. Exit code 0: every order ended as
it had to, and npm run verify found nothing broken and the shop at rest.`;

await asProgram(
  HELP,
  { once: { type: 'boolean' }, stack: { type: 'string' }, brokers: { type: 'string' } },
  async ({ stack: chosen, brokers, flags }, signal) => {
    const begun = Date.now();
    const folder = join(import.meta.dirname, '../../.cartwheel/demo');
    const ports = portsFromBase(portBase());
    const progress = createProgress();
    const stack = await startStack({
      folder,
      ports,
      progress,
      signal,
      ...stackOption(chosen),
      ...brokersOption(brokers),
    });
    try {
      forgetLedger(folder);
      rmSync(join(folder, 'shop.json'), { force: true });
      // Engines that are not ours may hold an earlier demo: each gets a name of its own there, and keeps it.
      const namespace = stack.provider === 'external' ? `demo-${randomBytes(4).toString('hex')}` : '';
      if (namespace !== '')
        progress.say(`On engines of your own: everything is called ${namespace}…, and stays there.`);
      const { addresses } = stack;
      const shop = await startShop({ folder, addresses, ports, namespace, env: IMPATIENT, progress, signal });
      const { target } = shop;
      const good = await play(target, { begun, signal, impatient: true, killable: { shop, folder } });
      if (!good) process.exitCode = 1;
      if (!flags.has('once') && process.stdout.isTTY) {
        console.log(`\nThe shop stays up. Ctrl-C stops it.\n\n${addressLines(target)}`);
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        // Ctrl-C is how this ends: no failure.
        process.exitCode = good ? 0 : 1;
      }
    } finally {
      await progress.step('stopping', () => stack.stop());
      rmSync(join(folder, 'shop.json'), { force: true });
    }
  },
);
