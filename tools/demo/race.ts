import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from '../verify/verify.ts';

/** Two are a race, as there is enough for one. Inventory takes four partitions at a time, if one fetch brings as many. */
const AT_ONCE = 2;
const FULL_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 50;

/** Holds one product's row until the orders for it stand before it side by side, and lets them go in one moment. */
export async function raceFor(
  sku: string,
  { databases }: Target,
  signal: AbortSignal,
): Promise<{ start(): Promise<void> }> {
  const holder = new pg.Client({ connectionString: databases.inventory, application_name: 'demo' });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT 1 FROM stock WHERE sku = $1 FOR UPDATE', [sku]);
  const standing = async () => {
    const { rows } = await holder.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return rows[0]!.n;
  };
  return {
    async start() {
      try {
        const deadline = Date.now() + FULL_WITHIN_MS;
        while ((await standing()) < AT_ONCE && Date.now() < deadline) await sleep(LOOK_EVERY_MS, undefined, { signal });
      } finally {
        await holder.end();
      }
    },
  };
}

/** How often inventory failed at facts and had to take them again, since it was started. */
export async function failuresOfInventory({ urls }: Target, signal: AbortSignal): Promise<number> {
  const metrics = await (await fetch(`${urls.inventory}/metrics`, { signal })).text();
  const counts = [
    ...metrics.matchAll(/^cartwheel_message_outcomes_total\{[^}]*outcome="(?:parked|divided)"[^}]*\} (\d+)/gm),
  ];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
