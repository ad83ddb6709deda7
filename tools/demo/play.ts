import type { Hit } from '../drill/kill.ts';
import { windows } from '../drill/windows.ts';
import type { Shop } from '../shop/start-shop.ts';
import { Friendly } from '../stack/friendly.ts';
import { createProgress } from '../stack/progress.ts';
import { diagnose } from '../story/diagnose.ts';
import { lifeOf } from '../story/life.ts';
import { renderTerminal } from '../story/render-terminal.ts';
import { readTrails } from '../story/trails.ts';
import { hasFailed, renderVerdicts, verify, type Target } from '../verify/verify.ts';
import { killOnItsWay } from './kill.ts';
import { scenes } from './orders.ts';
import { asExpected, outcomeTable, type Played } from './outcomes.ts';
import { cancel, follow, place } from './place.ts';
import { publishAgain } from './publish-again.ts';
import { raceFor, failuresOfInventory } from './race.ts';

const ORDERS_DEADLINE_MS = 60_000;
const PATIENCE_MS = 30_000;

export type Play = {
  readonly begun: number;
  readonly signal: AbortSignal;
  readonly impatient: boolean;
  /** The shop's own processes, where they may be killed; their notes go into the folder. */
  readonly killable?: { readonly shop: Shop; readonly folder: string };
};

/** Places the orders, follows them to their end, makes trouble on the way, and checks. True when all is as it has to be. */
export async function play(target: Target, { begun, signal, impatient, killable }: Play): Promise<boolean> {
  const shop = target.urls.order;
  const within = { deadlineMs: ORDERS_DEADLINE_MS, signal };
  const [first, ...rest] = scenes({ impatient, killable: killable !== undefined });
  if (!first) throw new Friendly('The demo has no orders.');
  const progress = createProgress();
  const trouble: Trouble[] = [];

  const opening = await place(shop, first.orders[0]!, signal);
  await follow(shop, [opening], within);
  console.log(`\nFirst order ${opening.outcome} ${((Date.now() - begun) / 1000).toFixed(1)} s after the start.\n`);

  const played: Played[] = [];
  for (const scene of rest.filter(({ killed }) => killed)) {
    await progress.step('killing two services (kill -9) on the way of one order', async () => {
      const { placed, hits } = await killOnItsWay(killable!.shop, killable!.folder, scene.orders[0]!, signal);
      trouble.push(...hits.map(tellDeath));
      played.push({ scene, orders: [placed] });
    });
  }
  await progress.step('placing the other orders and following them', async () => {
    for (const scene of [{ ...first, orders: first.orders.slice(1) }, ...rest.filter(({ killed }) => !killed)]) {
      const race = scene.raceFor === undefined ? undefined : await raceFor(scene.raceFor, target, signal);
      const placing = Promise.all(scene.orders.map((order) => place(shop, order, signal)));
      await Promise.allSettled([placing]);
      await race?.start();
      played.push({ scene, orders: await placing });
    }
    await follow(
      shop,
      played.flatMap((scene) => scene.orders),
      within,
    );
    const unwanted = played.filter(({ scene }) => scene.givenBack).flatMap((scene) => scene.orders);
    await cancel(shop, unwanted, signal);
    await follow(shop, unwanted, within);
  });
  const opened = played.find(({ scene }) => scene.title === first.title)!;
  played[played.indexOf(opened)] = { scene: first, orders: [opening, ...opened.orders] };
  const failures = await failuresOfInventory(target, signal);
  trouble.push({
    held: failures === 0,
    told: `eight buyers before one shelf: inventory failed ${failures} times and tried again`,
  });
  await progress.step('publishing facts again, as a relay that died does', async () => {
    const orders = played.flatMap(({ orders: own }) => own.slice(0, 2));
    const ids = [...new Set(orders.map(({ orderId }) => orderId))];
    const again = await publishAgain(target, ids);
    trouble.push({ held: again > 0, told: `${again} facts of ${ids.length} orders were published twice` });
  });

  const verdicts = await progress.step('checking every promise', () =>
    verify(target, { patienceMs: PATIENCE_MS, signal }),
  );
  console.log(`\n${await story(target, opening.orderId, signal)}\n`);
  console.log(`${outcomeTable(played)}\n`);
  console.log(`${trouble.map(({ held, told }) => `${held ? '✓' : '✗'} ${told}`).join('\n')}\n`);
  console.log(renderVerdicts(verdicts));
  return played.every(asExpected) && trouble.every(({ held }) => held) && !verdicts.some(hasFailed);
}

type Trouble = { readonly held: boolean; readonly told: string };

function tellDeath({ service, window, missed }: Hit): Trouble {
  const when = windows.find(({ name }) => name === window)!.when;
  const told = `${service} died ${when}`;
  return { held: missed === undefined, told: missed === undefined ? told : `${service} did not die: ${missed}` };
}

/** What `npm run story` tells; the services tell it to operators, and without a token there are none. */
async function story(target: Target, orderId: string, signal: AbortSignal): Promise<string> {
  if (target.opsToken === '') return 'With an OPS_TOKEN the story of the first order would stand here.';
  const life = lifeOf(await readTrails(target, orderId, signal));
  return renderTerminal(life, diagnose(life));
}
