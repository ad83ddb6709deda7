import { setTimeout as sleep } from 'node:timers/promises';
import { scenes } from '../demo/orders.ts';
import { follow, place, type PlacedOrder } from '../demo/place.ts';
import { catalogue } from '../setup/catalogue.ts';
import { asProgram } from '../program.ts';
import { urlOf } from '../shop/environment.ts';
import { replenish } from '../shop/replenish.ts';
import { Friendly } from '../stack/friendly.ts';
import { portBase, portsFromBase } from '../stack/ports.ts';

const HELP = `npm run load                   place orders, until Ctrl-C
  -- --rate <n>                orders a second (LOAD_ORDERS_PER_S, else 2)
  -- --orders <n>              end after so many, and wait for each to end
A running shop is needed: npm run up, or docker compose up. The orders are the
demo's, with good and declined cards, again and again; what runs short is
replenished to what the shop began with. CARTWHEEL_ORDER_URL and
CARTWHEEL_INVENTORY_URL say where order and inventory are, if not at their
usual places.`;

const REPORT_EVERY_MS = 10_000;
const ORDER_DEADLINE_MS = 120_000;

await asProgram(HELP, { rate: { type: 'string' }, orders: { type: 'string' } }, async ({ rate, orders }, signal) => {
  const perSecond = positive('--rate', rate ?? process.env['LOAD_ORDERS_PER_S'] ?? '2');
  const limit = orders === undefined ? Infinity : positive('--orders', orders);
  const ports = portsFromBase(portBase());
  const at = (service: 'order' | 'inventory') =>
    process.env[`CARTWHEEL_${service.toUpperCase()}_URL`] ? urlOf(service) : `http://127.0.0.1:${ports[service]}`;
  const [shop, inventory] = [at('order'), at('inventory')];
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
      // Beside the orders: they do not wait for an inventory that is away.
      void fillShelves(inventory, signal).catch(() => signal.aborted || count('could not replenish'));
      for (const order of scenes({ impatient: false, killable: false }).flatMap((scene) => scene.orders)) {
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

/** Brings every product of which less than half is left back to what set-up gave it. */
async function fillShelves(inventory: string, stopping: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(10_000)]);
  const levels = (await (await fetch(`${inventory}/stock`, { signal })).json()) as { sku: string; available: number }[];
  for (const { sku, available } of levels) {
    const full = catalogue.find((product) => product.sku === sku)?.stock ?? 0;
    if (available >= full / 2) continue;
    await replenish(inventory, { sku, quantity: full - available }, signal);
  }
}

async function run(shop: string, order: Parameters<typeof place>[1], signal: AbortSignal): Promise<string> {
  const placed: PlacedOrder = await place(shop, order, signal);
  await follow(shop, [placed], { deadlineMs: ORDER_DEADLINE_MS, signal });
  return placed.outcome;
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Friendly(`${name} is "${text}"; it must be a number above 0.`);
  return number;
}
