import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { asProgram } from '../program.ts';
import { addressLines } from '../shop/addresses.ts';
import { startShop } from '../shop/start-shop.ts';
import { stackOption } from '../stack-option.ts';
import { Friendly } from '../stack/friendly.ts';
import { portBase, portsFromBase } from '../stack/ports.ts';
import { createProgress } from '../stack/progress.ts';
import { startStack } from '../stack/stack.ts';
import { renderVerdicts, verify, type Target } from '../verify/verify.ts';
import { scenes } from './orders.ts';
import { asExpected, outcomeTable, type Played } from './outcomes.ts';
import { follow, place } from './place.ts';
import { timeline } from './timeline.ts';

const HELP = `npm run demo                a running shop and some thirty orders
  -- --once                 stop when the orders are done and checked
  -- --stack native|external  which engines (docker: not yet)
Starts from empty databases, topics, queues, ledger and mailbox, in
.cartwheel/demo. On a terminal it stays up until Ctrl-C.
CARTWHEEL_PORT_BASE (7000) moves all ports. Exit code 0: every order ended as
it had to and npm run verify found nothing broken.`;

const ORDERS_DEADLINE_MS = 60_000;
const AT_REST_DEADLINE_MS = 30_000;

await asProgram(
  HELP,
  { once: { type: 'boolean' }, stack: { type: 'string' } },
  async ({ stack: chosen, flags }, signal) => {
    const begun = Date.now();
    const folder = join(import.meta.dirname, '../../.cartwheel/demo');
    const ports = portsFromBase(portBase());
    const progress = createProgress();
    const stack = await startStack({ folder, ports, progress, signal, ...stackOption(chosen) });
    try {
      for (const file of ['gateway.sqlite', 'gateway.sqlite-wal', 'gateway.sqlite-shm', 'shop.json'])
        rmSync(join(folder, file), { force: true });
      // Engines that are not ours may hold an earlier demo: each gets a name of its own there, and keeps it.
      const namespace = stack.provider === 'external' ? `demo-${randomBytes(4).toString('hex')}` : '';
      if (namespace !== '')
        progress.say(`On engines of your own: everything is called ${namespace}…, and stays there.`);
      const { target } = await startShop({ folder, addresses: stack.addresses, ports, namespace, progress, signal });
      const good = await play(target, begun, signal);
      if (!good) process.exitCode = 1;
      if (!flags.has('once') && process.stdout.isTTY) {
        console.log(`\nThe shop stays up. Ctrl-C stops it.\n\n${addressLines(target, stack.addresses)}`);
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

/** Places the orders, follows them to their end, and checks. True when all is as it has to be. */
async function play(target: Target, begun: number, signal: AbortSignal): Promise<boolean> {
  const shop = target.urls.order;
  const [first, ...rest] = scenes();
  if (!first) throw new Friendly('The demo has no orders.');
  const progress = createProgress();

  const opening = await place(shop, first.orders[0]!, signal);
  await follow(shop, [opening], { deadlineMs: ORDERS_DEADLINE_MS, signal, onEnded: () => undefined });
  console.log(`\nFirst order ${opening.outcome} ${((Date.now() - begun) / 1000).toFixed(1)} s after the start.\n`);

  const played: Played[] = [];
  await progress.step('placing the other orders and following them', async () => {
    for (const scene of [{ ...first, orders: first.orders.slice(1) }, ...rest]) {
      played.push({ scene, orders: await Promise.all(scene.orders.map((order) => place(shop, order, signal))) });
    }
    const orders = played.flatMap((scene) => scene.orders);
    await follow(shop, orders, { deadlineMs: ORDERS_DEADLINE_MS, signal, onEnded: () => undefined });
  });
  played[0] = { scene: first, orders: [opening, ...played[0]!.orders] };

  const verdicts = await progress.step('checking every promise', () =>
    verify(target, { atRestWithinMs: AT_REST_DEADLINE_MS }),
  );
  console.log(`\n${await timeline(target, opening.orderId)}\n`);
  console.log(`${outcomeTable(played)}\n`);
  console.log(renderVerdicts(verdicts));
  return played.every(asExpected) && verdicts.every(({ verdict }) => verdict !== 'broken');
}
