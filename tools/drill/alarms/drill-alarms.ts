import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '../../setup/catalogue.ts';
import { forgetLedger } from '../../shop/forget-ledger.ts';
import { replenish } from '../../shop/replenish.ts';
import { type Shop, startShop } from '../../shop/start-shop.ts';
import { Friendly } from '../../stack/friendly.ts';
import { alertRules, prometheusIsMissing, startPrometheus } from '../../stack/native/prometheus.ts';
import { freePorts } from '../../stack/ports.ts';
import type { Progress } from '../../stack/progress.ts';
import { startStack } from '../../stack/stack.ts';
import { hasFailed, renderVerdicts, verify } from '../../verify/verify.ts';
import { Shoppers } from '../shoppers.ts';
import { type Fault, faults } from './faults.ts';
import { inAHurry } from './hurry.ts';
import type { AlarmRow } from './results.ts';
import { until, untilThere } from './scene.ts';
import { Watch } from './watch.ts';

export type AlarmOptions = {
  /** Names of alarms, with commas between them. Left out: all. */
  readonly only: string | undefined;
  /** By how much every time in the rules is divided, and those of the shop that they follow. */
  readonly hurry: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
};

const folder = join(import.meta.dirname, '../../../.cartwheel/drill-alarms');
const CUSTOMERS = 4;
/** An alarm that begins again within that has not ended. */
const STAYS_QUIET_MS = 10_000;
const PIECES = 100_000;
const PATIENCE_MS = 600_000;
/** What the services themselves wait for, whatever the hurry: the last rung of the ladder, and a consumer's return. */
const OWN_TIME_MS = 420_000;
/** The longest that a rule looks back: half an hour, and what came before. */
const RULES_TIME_MS = 2_700_000;
const NO_OPEN_ORDER = `SELECT WHERE NOT EXISTS (SELECT FROM orders WHERE status IN ('placed', 'confirmed'))`;

/**
 * Has alarms fire in a running shop, watched by a real Prometheus, and end after what was broken was mended: one after the
 * other, each when nothing fires any more. In the end every promise. Leaves nothing running; its logs stay.
 */
export async function drillAlarms({ only, hurry, progress, signal }: AlarmOptions): Promise<AlarmRow[]> {
  const chosen = choose(only);
  const missing = prometheusIsMissing();
  if (missing !== undefined) throw new Friendly(`The alarms cannot be drilled: ${missing}.`);
  // Engines are frozen by their process.
  const stack = await startStack({ folder, ports: 'free', provider: 'native', progress, signal });
  try {
    forgetLedger(folder);
    const shop = await startShop({
      folder,
      addresses: stack.addresses,
      ports: await freePorts(),
      // A silent mail server is asked again soon.
      env: { LOG_LEVEL: 'warn', SMTP_DEADLINE_MS: '2000', ...patience(hurry) },
      progress,
      signal,
    });
    const { smtp: port } = await freePorts();
    const targets = Object.values(shop.target.urls).map((url) => new URL(url).host);
    const rules = inAHurry(readFileSync(alertRules, 'utf8'), hurry);
    await progress.step('Prometheus', () => startPrometheus({ folder, port, targets, rules }));
    // Customers buy for as long as it takes.
    for (const { sku, stock } of catalogue)
      if (stock > 0) await replenish(shop.target.urls.inventory, { sku, quantity: PIECES }, signal);
    const shoppers = new Shoppers(shop.target.urls.order, signal);
    const watch = new Watch(`http://127.0.0.1:${port}`);
    const withinMs = OWN_TIME_MS + RULES_TIME_MS / hurry;
    const rows: AlarmRow[] = [];
    for (const fault of chosen) rows.push(await see(fault, { shop, shoppers, watch, withinMs, progress, signal }));
    const verdicts = await progress.step('coming to rest, and checking every promise', () =>
      verify(shop.target, { patienceMs: PATIENCE_MS, signal }),
    );
    progress.say(renderVerdicts(verdicts));
    for (const offender of shoppers.offenders) progress.say(`✗ ${offender}`);
    const held = shoppers.offenders.length === 0 && !verdicts.some(hasFailed);
    if (!held) process.exitCode = 1;
    return rows;
  } catch (error) {
    // Whatever failed because everything is being stopped.
    signal.throwIfAborted();
    throw error;
  } finally {
    await progress.step('stopping', () => stack.stop());
  }
}

function choose(only: string | undefined): readonly Fault[] {
  const names = only?.split(',') ?? faults.map(({ alarm }) => alarm);
  const unknown = names.filter((name) => !faults.some(({ alarm }) => alarm === name));
  if (unknown.length === 0) return faults.filter(({ alarm }) => names.includes(alarm));
  const known = [...new Set(faults.map(({ alarm }) => alarm))];
  throw new Friendly(`There is no alarm ${unknown.join(', ')}. There are:\n  ${known.join('\n  ')}`);
}

/** What the thresholds of the rules are made for, divided as they are. */
function patience(hurry: number): Record<string, string> {
  const divided = (ms: number) => String(Math.max(1_000, Math.round(ms / hurry)));
  return {
    ORDER_TIMEOUT_MS: divided(900_000),
    ORDER_TIMEOUT_GRACE_MS: divided(30_000),
    OUTBOX_MAX_AGE_MS: divided(600_000),
  };
}

type Seeing = {
  readonly shop: Shop;
  readonly shoppers: Shoppers;
  readonly watch: Watch;
  readonly withinMs: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
};

/** @throws when what was broken cannot be mended: whatever came then would be seen in a broken shop */
async function see({ alarm, broken, alone, plant }: Fault, seeing: Seeing): Promise<AlarmRow> {
  const { shop, shoppers, watch, withinMs, progress, signal } = seeing;
  const undo = new AsyncDisposableStack();
  const scene = { shop, folder, undo, withinMs, signal };
  let row: AlarmRow = { alarm, broken, beside: [] };
  const beside = () => watch.seen().filter((other) => other !== alarm);
  shoppers.come(CUSTOMERS);
  try {
    await progress.step(`${alarm}: nothing fires yet`, () => until('nothing fires', () => watch.isQuiet(), scene));
    if (alone) {
      await shoppers.goHome();
      await untilThere(scene, 'order', NO_OPEN_ORDER);
    }
    watch.forget();
    try {
      await plant(scene);
      const broke = Date.now();
      await progress.step(`${alarm} fires: ${broken}`, () => until('it fires', () => watch.fires(alarm), scene));
      row = { ...row, firedAfterMs: Date.now() - broke };
    } finally {
      await undo.disposeAsync().catch(cannotBeMended);
    }
    const mended = Date.now();
    await progress.step(`${alarm} ends`, () =>
      until('it has ended', () => watch.staysQuiet(alarm, STAYS_QUIET_MS), scene),
    );
    return { ...row, endedAfterMs: Math.max(0, watch.quietSince! - mended), beside: beside() };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Friendly) throw error;
    const missed = (error as Error).message;
    progress.say(`✗ ${alarm}: ${missed}; seen firing: ${watch.seen().join(', ') || 'nothing'}`);
    return { ...row, beside: beside(), missed };
  } finally {
    await shoppers.goHome();
  }
}

function cannotBeMended(error: unknown): never {
  throw new Friendly(`What the drill broke cannot be mended: ${(error as Error).message}`);
}
