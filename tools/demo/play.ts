import { Friendly } from '../stack/friendly.ts';
import { createProgress } from '../stack/progress.ts';
import { diagnose } from '../story/diagnose.ts';
import { lifeOf } from '../story/life.ts';
import { renderTerminal } from '../story/render-terminal.ts';
import { readTrails } from '../story/trails.ts';
import { hasFailed, renderVerdicts, verify, type Target } from '../verify/verify.ts';
import { scenes } from './orders.ts';
import { asExpected, outcomeTable, type Played } from './outcomes.ts';
import { cancel, follow, place } from './place.ts';

const ORDERS_DEADLINE_MS = 60_000;
const PATIENCE_MS = 30_000;

export type Play = { readonly begun: number; readonly signal: AbortSignal; readonly impatient: boolean };

/** Places the orders, follows them to their end, and checks. True when all is as it has to be. */
export async function play(target: Target, { begun, signal, impatient }: Play): Promise<boolean> {
  const shop = target.urls.order;
  const [first, ...rest] = scenes({ impatient });
  if (!first) throw new Friendly('The demo has no orders.');
  const progress = createProgress();

  const opening = await place(shop, first.orders[0]!, signal);
  await follow(shop, [opening], { deadlineMs: ORDERS_DEADLINE_MS, signal });
  console.log(`\nFirst order ${opening.outcome} ${((Date.now() - begun) / 1000).toFixed(1)} s after the start.\n`);

  const played: Played[] = [];
  await progress.step('placing the other orders and following them', async () => {
    for (const scene of [{ ...first, orders: first.orders.slice(1) }, ...rest]) {
      played.push({ scene, orders: await Promise.all(scene.orders.map((order) => place(shop, order, signal))) });
    }
    const orders = played.flatMap((scene) => scene.orders);
    await follow(shop, orders, { deadlineMs: ORDERS_DEADLINE_MS, signal });
    const unwanted = played.filter(({ scene }) => scene.givenBack).flatMap((scene) => scene.orders);
    await cancel(shop, unwanted, signal);
    await follow(shop, unwanted, { deadlineMs: ORDERS_DEADLINE_MS, signal });
  });
  played[0] = { scene: first, orders: [opening, ...played[0]!.orders] };

  const verdicts = await progress.step('checking every promise', () =>
    verify(target, { patienceMs: PATIENCE_MS, signal }),
  );
  console.log(`\n${await story(target, opening.orderId, signal)}\n`);
  console.log(`${outcomeTable(played)}\n`);
  console.log(renderVerdicts(verdicts));
  return played.every(asExpected) && !verdicts.some(hasFailed);
}

/** What `npm run story` tells; the services tell it to operators, and without a token there are none. */
async function story(target: Target, orderId: string, signal: AbortSignal): Promise<string> {
  if (target.opsToken === '') return 'With an OPS_TOKEN the story of the first order would stand here.';
  const life = lifeOf(await readTrails(target, orderId, signal));
  return renderTerminal(life, diagnose(life));
}
