import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { forgetLedger } from '../shop/forget-ledger.ts';
import { type Shop, startShop } from '../shop/start-shop.ts';
import { freePorts } from '../stack/ports.ts';
import type { Progress } from '../stack/progress.ts';
import { type Provider, startStack } from '../stack/stack.ts';
import { hasFailed, renderVerdicts, verify } from '../verify/verify.ts';
import { evictorOf } from './evict.ts';
import { measureHandovers, renderHandovers } from './handovers.ts';
import { type Hit, type Killing, killOneAfterTheOther } from './kill.ts';
import type { Round } from './plan.ts';
import { inOrder, type Row, rowsOf } from './results.ts';
import { asCustomersSawIt, Shoppers } from './shoppers.ts';
import { breakOffMails, failReservations, sendUnreadableTasks } from './troubles.ts';

export type Pace = {
  readonly customers: number;
  /** How long a service may take to reach its window while nobody dies. */
  readonly reachWithinMs: number;
  /** Whether Kafka is told of each death, or finds out by itself. */
  readonly evict: boolean;
  /** How often the leader of a relay is killed, to see how soon another instance leads. */
  readonly handovers: number;
};

export type Options = {
  readonly rounds: readonly Round[];
  readonly pace: Pace;
  readonly stack: { provider?: Provider };
  readonly progress: Progress;
  readonly signal: AbortSignal;
};

const folder = join(import.meta.dirname, '../../.cartwheel/drill');
/** A dead consumer's partitions wait for 10 s, a task for up to 30 s on the ladder. */
const PATIENCE_MS = 120_000;

/** Starts engines and a shop, has services killed under load, and checks after each round. Leaves nothing running. */
export async function drill({ rounds, pace, stack: chosen, progress, signal }: Options): Promise<Row[]> {
  const stack = await startStack({ folder, ports: 'free', progress, signal, ...chosen });
  const open: { stop: () => Promise<unknown> }[] = [stack];
  try {
    forgetLedger(folder);
    const { addresses } = stack;
    const mails = await breakOffMails(addresses.mail.smtpHost, addresses.mail.smtpPort);
    open.unshift(mails);
    const shop = await startShop({
      folder,
      addresses,
      ports: await freePorts(),
      namespace: stack.provider === 'external' ? `drill-${randomBytes(4).toString('hex')}` : '',
      // Services are started again and again: what Node has compiled is kept.
      // A mail that its sender died over is taken up again on the first rungs of the ladder, not after half a minute.
      env: {
        SMTP_URL: mails.url,
        SMTP_DEADLINE_MS: '1000',
        LOG_LEVEL: 'warn',
        NODE_COMPILE_CACHE: join(folder, 'compiled'),
      },
      progress,
      signal,
    });
    open.unshift(await failReservations(shop.target), await sendUnreadableTasks(shop.target));
    return await drillShop(shop, { rounds, pace, progress, signal });
  } catch (error) {
    // Whatever failed because everything is being stopped.
    signal.throwIfAborted();
    throw error;
  } finally {
    await progress.step('stopping', async () => {
      // What cannot be stopped must not keep the rest running.
      for (const one of open) await one.stop().catch((error: unknown) => progress.say(String(error)));
    });
  }
}

async function drillShop(shop: Shop, { rounds, pace, progress, signal }: Omit<Options, 'stack'>): Promise<Row[]> {
  const evict = evictorOf(shop.target);
  if (pace.handovers > 0) {
    const title = 'killing the leader of a relay';
    const handovers = await progress.step(title, () => measureHandovers(shop, pace.handovers, evict, signal));
    progress.say(renderHandovers(handovers));
  }
  const shoppers = new Shoppers(shop.target.urls.order, signal);
  const rows: Row[] = [];
  for (const [n, round] of rounds.entries()) {
    shoppers.come(pace.customers);
    const hits = await progress.step(`killing (round ${n + 1} of ${rounds.length})`, () =>
      killAll(round, {
        shop,
        folder,
        reachWithinMs: pace.reachWithinMs,
        lastDeathAt: 0,
        signal,
        onDeath: pace.evict ? evict : () => Promise.resolve(),
        onHit: ({ service, window, pass, missed }) =>
          progress.say(`  ${missed === undefined ? '†' : '✗'} ${service} ${window}, pass ${pass} ${missed ?? ''}`),
      }),
    );
    const verdicts = await progress.step('coming to rest, and checking every promise', async () => {
      await shoppers.goHome();
      return [...(await verify(shop.target, { patienceMs: PATIENCE_MS, signal })), asCustomersSawIt(shoppers)];
    });
    const failed = verdicts.filter(hasFailed);
    if (failed.length > 0 || n === rounds.length - 1) progress.say(renderVerdicts(verdicts));
    rows.push(...rowsOf(hits, failed));
  }
  return inOrder(rows);
}

/** All services of a round at once. When something fails that has nothing to do with dying, all stop. */
async function killAll(round: Round, killing: Killing): Promise<Hit[]> {
  const failed = new AbortController();
  const signal = AbortSignal.any([killing.signal, failed.signal]);
  const ours = { ...killing, signal };
  const lanes = [...round].map(([service, shots]) =>
    killOneAfterTheOther(service, shots, ours).catch((error: unknown) => {
      failed.abort(error);
      throw error;
    }),
  );
  await Promise.allSettled(lanes);
  return (await Promise.all(lanes)).flat();
}
