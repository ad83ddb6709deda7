import { join } from 'node:path';
import { asProgram } from '../program.ts';
import { startShop } from '../shop/start-shop.ts';
import { addressLines } from '../shop/addresses.ts';
import { leaveRunning } from '../stack/leftovers.ts';
import { portBase, portsFromBase } from '../stack/ports.ts';
import { createProgress } from '../stack/progress.ts';
import { startStack } from '../stack/stack.ts';
import { brokersOption } from '../brokers-option.ts';
import { stackOption } from '../stack-option.ts';

const HELP = `npm run up                  start engines and services, and leave them running
  -- --stack docker|native|external
                            which engines; left out: your own if their
                            addresses are set, Docker if it answers, native
  -- --brokers 3            Kafka as three brokers, three copies of each record;
                            native ones. Data stays with its brokers: left out,
                            as many as it has, or one
Data is kept in .cartwheel/up. npm run down stops everything.
CARTWHEEL_PORT_BASE (7000) moves all ports.`;

await asProgram(
  HELP,
  { stack: { type: 'string' }, brokers: { type: 'string' } },
  async ({ stack: chosen, brokers }, signal) => {
    const folder = join(import.meta.dirname, '../../.cartwheel/up');
    const ports = portsFromBase(portBase());
    const progress = createProgress();
    const stack = await startStack({
      folder,
      ports,
      progress,
      data: 'keep',
      signal,
      ...stackOption(chosen),
      ...brokersOption(brokers),
    });
    try {
      // Each provider has its own databases, so the ledger of their charges is its own too.
      const ledgerFile = join(folder, `gateway-${stack.provider}.sqlite`);
      const { target } = await startShop({ folder, addresses: stack.addresses, ports, ledgerFile, progress, signal });
      leaveRunning(folder);
      console.log(addressLines(target));
      console.log(
        '\nnpm run story tells of the newest order, npm run verify checks everything, npm run down stops it.',
      );
    } catch (error) {
      await stack.stop();
      throw error;
    }
  },
);
process.exit();
