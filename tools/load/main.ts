import { setTimeout as sleep } from 'node:timers/promises';
import { scenes } from '../demo/orders.ts';
import { follow, place, type PlacedOrder } from '../demo/place.ts';
import { asProgram } from '../program.ts';
import { urlOf } from '../shop/environment.ts';
import { Friendly } from '../stack/friendly.ts';
import { portBase, portsFromBase } from '../stack/ports.ts';

const HELP = `npm run load                   place orders, until Ctrl-C
  -- --rate <n>                orders a second (LOAD_ORDERS_PER_S, else 2)
  -- --orders <n>              end after so many, and wait for each to end
A running shop is needed: npm run up, or docker compose up. The orders are the
demo's, with good and declined cards, again and again; once the shelves are
empty they are cancelled as stock-short. CARTWHEEL_ORDER_URL says where the
order service is, if not at its usual place.`;

const REPORT_EVERY_MS = 10_000;
const ORDER_DEADLINE_MS = 120_000;

await asProgram(HELP, { rate: { type: 'string' }, orders: { type: 'string' } }, async ({ rate, orders }, signal) => {
  const perSecond = positive('--rate', rate ?? process.env['LOAD_ORDERS_PER_S'] ?? '2');
  const limit = orders === undefined ? Infinity : positive('--orders', orders);
  const shop = process.env['CARTWHEEL_ORDER_URL']
    ? urlOf('order')
    : `http://127.0.0.1:${portsFromBase(portBase()).order}`;
  const outcomes = new Map<string, number>();
  const count = (outcome: string) => {
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  };
  const report = () => console.log([...outcomes].map(([outcome, orders]) => `${orders} ${outcome}`).join(', '));
  const timer = setInterval(report, REPORT_EVERY_MS);
  const open = new Set<Promise<void>>();
  try {
    // Each order has its moment, however long the ones before it take.
    const begun = Date.now();
    for (let placed = 0; placed < limit && !signal.aborted;) {
      for (const order of scenes().flatMap((scene) => scene.orders)) {
        if (placed >= limit) break;
        await sleep(begun + (placed * 1000) / perSecond - Date.now(), undefined, { signal });
        placed += 1;
        const one = run(shop, order, signal).then(count, () => count('refused or unanswered'));
        open.add(one.finally(() => open.delete(one)));
      }
    }
    await Promise.all(open);
  } catch (error) {
    if (!signal.aborted) throw error;
    // Ctrl-C is how this ends: no failure.
    process.exitCode = 0;
  } finally {
    clearInterval(timer);
    report();
  }
});

async function run(shop: string, order: Parameters<typeof place>[1], signal: AbortSignal): Promise<string> {
  const placed: PlacedOrder = await place(shop, order, signal);
  await follow(shop, [placed], { deadlineMs: ORDER_DEADLINE_MS, signal, onEnded: () => undefined });
  return placed.outcome;
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Friendly(`${name} is "${text}"; it must be a number above 0.`);
  return number;
}
