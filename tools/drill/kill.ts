import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Shop } from '../shop/start-shop.ts';
import type { Exit } from '../stack/processes.ts';
import { tellingLines } from '../stack/logs.ts';
import type { ServiceName } from '../verify/target.ts';
import type { CrashPoint, Note } from './crash-point.ts';

/** One death: a service, a window, and the how-manieth time that it stood there. */
export type Shot = Pick<CrashPoint, 'window' | 'pass' | 'about'> & { readonly service: ServiceName };

export type Hit = Shot & {
  /** Why it did not die where it should; undefined when it did. */
  readonly missed: string | undefined;
  /** From its death to the first message of its successor, in ms, when there was one. */
  backAfterMs: number | undefined;
};

export type Killing = {
  readonly shop: Shop;
  readonly folder: string;
  /** How long a service may take to reach its window, counted anew from each death: the others live on what it sends them. */
  readonly reachWithinMs: number;
  lastDeathAt: number;
  readonly signal: AbortSignal;
  /** Called after each death, before the successor starts. */
  readonly onDeath: (service: ServiceName) => Promise<void>;
  readonly onHit: (hit: Hit) => void;
};

/** Starts a service with a crash point, waits for its death, starts it with the next, and at last without one. */
export async function killOneAfterTheOther(
  service: ServiceName,
  shots: readonly Shot[],
  killing: Killing,
): Promise<Hit[]> {
  const { shop, signal, onDeath, onHit } = killing;
  const hits: Hit[] = [];
  let diedAt: number | undefined;
  await shop.stopService(service);
  for (const shot of shots) {
    signal.throwIfAborted();
    const { missed, notes } = await kill(shot, killing);
    const working = notes.find(({ what }) => what === 'first message')?.at;
    const before = hits.at(-1);
    if (before && diedAt !== undefined && working !== undefined) before.backAfterMs = working - diedAt;
    diedAt = notes.find(({ what }) => what === 'died')?.at;
    const hit: Hit = { ...shot, missed, backAfterMs: undefined };
    hits.push(hit);
    onHit(hit);
    await onDeath(service);
  }
  signal.throwIfAborted();
  shop.startService(service);
  return hits;
}

async function kill({ service, window, pass, about }: Shot, killing: Killing) {
  const { shop, folder, reachWithinMs, signal } = killing;
  const file = join(folder, `notes-${service}.jsonl`);
  rmSync(file, { force: true });
  const point: CrashPoint = { window, pass, file, ...(about === undefined ? {} : { about }) };
  const victim = shop.startService(service, {
    nodeArgs: [
      '--disable-warning=ExperimentalWarning',
      '--experimental-import-meta-resolve',
      '--import',
      join(import.meta.dirname, 'crash-point.ts'),
    ],
    env: { DRILL_CRASH_POINT: JSON.stringify(point) },
  });
  killing.lastDeathAt = Date.now();
  let exit: Exit | undefined;
  while (!exit && Date.now() - killing.lastDeathAt < reachWithinMs)
    exit = await Promise.race([victim.exited, sleep(500, undefined, { signal })]);
  if (exit) killing.lastDeathAt = Date.now();
  else await victim.stop();
  const notes = existsSync(file) ? readNotes(file) : [];
  const isHit = exit?.signal === 'SIGKILL' && notes.some(({ what }) => what === 'died');
  const otherwise = exit
    ? `it ended otherwise: ${tellingLines(victim.log())}`
    : `not reached within ${reachWithinMs / 1000} s`;
  return { missed: isHit ? undefined : otherwise, notes };
}

function readNotes(file: string): Note[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Note);
}
