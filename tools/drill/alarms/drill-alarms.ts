import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '../../setup/catalogue.ts';
import { replenish } from '../../shop/replenish.ts';
import { startShop } from '../../shop/start-shop.ts';
import { Friendly } from '../../stack/friendly.ts';
import { alertRules, prometheusIsMissing, startPrometheus } from '../../stack/native/prometheus.ts';
import { freePorts } from '../../stack/ports.ts';
import type { Progress } from '../../stack/progress.ts';
import { startStack } from '../../stack/stack.ts';
import { renderVerdicts, verify } from '../../verify/verify.ts';
import { Shoppers } from '../shoppers.ts';
import { type Fault, faults } from './faults.ts';
import { inAHurry } from './hurry.ts';
import type { AlarmRow } from './results.ts';
import { type Scene, until, untilThere } from './scene.ts';

export type AlarmOptions = {
  readonly only: string | undefined;
  /** By how much every time in the rules is divided, and those of the shop that they follow. */
  readonly hurry: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
};

const CUSTOMERS = 4;
/** An alarm that begins again within that has not ended. */
const STAYS_QUIET_MS = 10_000;
const PIECES = 100_000;
const AT_REST_WITHIN_MS = 600_000;
/** What the services wait of themselves, whatever the hurry: the last rung of the ladder, and a consumer's return. */
const OWN_TIME_MS = 420_000;
/** The longest that a rule looks back: half an hour, and what came before. */
const RULES_TIME_MS = 2_700_000;

/**
 * Has every alarm fire in a running shop, watched by a real Prometheus, and end after what was broken was mended: one after
 * the other, each when nothing fires any more. At last, every promise. Leaves nothing running.
 */
export async function drillAlarms({ only, hurry, progress, signal }: AlarmOptions): Promise<AlarmRow[]> {
  const chosen = faults.filter(({ alarm }) => only === undefined || only.split(',').includes(alarm));
  if (chosen.length === 0)
    throw new Friendly(`There is no alarm ${only}: ${faults.map((one) => one.alarm).join(', ')}.`);
  const missing = prometheusIsMissing();
  if (missing !== undefined) throw new Friendly(`The alarms cannot be drilled: ${missing}.`);
  // Two may run side by side.
  const folder = join(import.meta.dirname, '../../../.cartwheel/drill-alarms', String(process.pid));
  // Engines are frozen by their process.
  const stack = await startStack({ folder, ports: 'free', provider: 'native', progress, signal });
  try {
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
    const scene = { shop, folder, signal };
    const shoppers = new Shoppers(shop.target.urls.order, signal);
    const watch = new Watch(`http://127.0.0.1:${port}`);
    const rows: AlarmRow[] = [];
    for (const fault of chosen) rows.push(await see(fault, { scene, shoppers, watch, hurry, progress }));
    const verdicts = await progress.step('coming to rest, and checking every promise', () =>
      verify(shop.target, { atRestWithinMs: AT_REST_WITHIN_MS, signal }),
    );
    progress.say(renderVerdicts(verdicts));
    for (const offender of shoppers.offenders) progress.say(`✗ ${offender}`);
    const held = shoppers.offenders.length === 0 && verdicts.every(({ verdict }) => verdict !== 'broken');
    if (!held) process.exitCode = 1;
    return rows;
  } finally {
    await progress.step('stopping', () => stack.stop());
    rmSync(folder, { recursive: true, force: true });
  }
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
  readonly scene: Scene;
  readonly shoppers: Shoppers;
  readonly watch: Watch;
  readonly hurry: number;
  readonly progress: Progress;
};

async function see(fault: Fault, { scene, shoppers, watch, hurry, progress }: Seeing): Promise<AlarmRow> {
  const { alarm, broken, alone, plant } = fault;
  const { signal } = scene;
  const withinMs = OWN_TIME_MS + RULES_TIME_MS / hurry;
  const row = { alarm, broken };
  shoppers.come(CUSTOMERS);
  try {
    await progress.step(`${alarm}: nothing fires yet`, () =>
      until('nothing fires', () => watch.isQuiet(), { withinMs, signal }),
    );
    if (alone) {
      await shoppers.goHome();
      await untilThere(
        scene,
        'order',
        `SELECT WHERE NOT EXISTS (SELECT FROM orders WHERE status IN ('placed', 'confirmed'))`,
      );
    }
    watch.forget();
    const broke = Date.now();
    const mend = await plant(scene);
    try {
      await progress.step(`${alarm} fires: ${broken}`, () =>
        until('it fires', () => watch.fires(alarm), { withinMs, signal }),
      );
    } finally {
      await mend();
    }
    const mended = Date.now();
    let quietSince: number | undefined;
    const staysQuiet = async () => {
      quietSince = (await watch.fires(alarm)) ? undefined : (quietSince ?? Date.now());
      return quietSince !== undefined && Date.now() - quietSince > STAYS_QUIET_MS;
    };
    await progress.step(`${alarm} ends`, () => until('it has ended', staysQuiet, { withinMs, signal }));
    const beside = watch.seen().filter((other) => other !== alarm);
    return { ...row, firedAfterMs: mended - broke, endedAfterMs: quietSince! - mended, beside };
  } catch (error) {
    signal.throwIfAborted();
    progress.say(`✗ ${alarm}: ${(error as Error).message}; firing: ${watch.seen().join(', ') || 'nothing'}`);
    return { ...row, beside: watch.seen(), missed: (error as Error).message };
  } finally {
    await shoppers.goHome();
  }
}

/** What Prometheus says of its alarms. */
class Watch {
  readonly #url: string;
  #seen = new Set<string>();

  constructor(url: string) {
    this.#url = url;
  }

  forget(): void {
    this.#seen = new Set();
  }

  /** All that fired since `forget`. */
  seen(): string[] {
    return [...this.#seen].toSorted();
  }

  async fires(alarm: string): Promise<boolean> {
    return (await this.#firing()).includes(alarm);
  }

  async isQuiet(): Promise<boolean> {
    return (await this.#firing()).length === 0;
  }

  async #firing(): Promise<string[]> {
    type Alerts = { data: { alerts: { state: string; labels: { alertname: string } }[] } };
    const answer = await fetch(`${this.#url}/api/v1/alerts`, { signal: AbortSignal.timeout(5_000) });
    const { alerts } = ((await answer.json()) as Alerts).data;
    const names = alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname);
    for (const name of names) this.#seen.add(name);
    return names;
  }
}
