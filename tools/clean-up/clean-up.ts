import type { Topology } from '@cartwheel/contracts';
import type { Queryable } from '@cartwheel/postgres';
import type { Admin } from 'kafkajs';
import { hasNotRead, holdsBefore, serviceOf } from './held.ts';
import { deleteAttempts, dropMonth, endedMonths, isSetAside, type Month } from './months.ts';

/**
 * Prevents: ids that are kept for ever although nothing can come again that they would be needed for; and an id that is
 *   dropped although its message can.
 * How: `processed_events` has a partition for each month of ids. A month goes whole, when no topic that the service reads
 *   holds a record from before (the month's end, or when its last id was taken) + `MARGIN_DAYS`: then each record that it has
 *   an id of was in the log before that, and has gone from there.
 * Promises: 1. An offset reset doubles nothing: what it can read has its id. 2. With topics that are kept for ever, which is
 *   how set-up makes them, nothing is ever dropped. 3. Nothing is dropped that is parked or dead, nor for a group that has
 *   not read what was truncated. 4. Without `apply` nothing changes.
 * Costs: it counts the ids of every month that has ended.
 * Not here: `message_sequences` (a subject whose number began at 1 again would look as if facts were missing) and the tables
 *   of the services; they grow with the orders, which are kept too. Idempotency keys end by themselves after 24 hours.
 * Proof: clean-up.int.spec.ts
 */
export type Report = {
  readonly service: string;
  readonly month: string;
  readonly ids: number;
  /** Why it is kept; undefined: it is dropped, or would be. */
  readonly kept?: string | undefined;
  /** Attempts at tasks that were deleted with it. */
  readonly attempts: number;
};

export type CleanUp = {
  /** With the rights of the tables' owner. */
  readonly databases: Readonly<Record<string, Queryable>>;
  readonly admin: Admin;
  readonly topology: Topology;
  readonly apply: boolean;
};

/** How long after its first copy a message may be published once more: by a relay that was away for so long, and no longer. */
export const MARGIN_DAYS = 7;
const MARGIN_MS = MARGIN_DAYS * 86_400_000;

export async function cleanUp({ databases, admin, topology, apply }: CleanUp): Promise<Report[]> {
  const reports: Report[] = [];
  for (const [service, db] of Object.entries(databases)) {
    const read = topology.consumers.filter((consumer) => serviceOf(consumer) === service);
    const topics = [...new Set(read.flatMap((consumer) => topology.topicsOf(consumer)))];
    const notRead = await hasNotRead(admin, topology, service);
    for (const month of await endedMonths(db)) {
      const kept = await whyKept(db, month, { admin, topics, notRead });
      let attempts = 0;
      if (kept === undefined && apply) {
        await dropMonth(db, month);
        attempts = await deleteAttempts(db, month);
      }
      reports.push({ service, month: month.name.replace('_', '-'), ids: month.ids, kept, attempts });
    }
  }
  return reports;
}

async function whyKept(
  db: Queryable,
  month: Month,
  { admin, topics, notRead }: { admin: Admin; topics: readonly string[]; notRead: string | undefined },
): Promise<string | undefined> {
  const until = new Date(Math.max(month.endsAt.getTime(), month.lastTakenAt.getTime()) + MARGIN_MS);
  const day = until.toISOString().slice(0, 10);
  if (until.getTime() > Date.now()) return `not before ${day}`;
  const topic = await holdsBefore(admin, topics, until);
  if (topic !== undefined) return `${topic} holds records from before ${day}`;
  if (notRead !== undefined) return `${notRead} has not read all that was in the log`;
  return (await isSetAside(db, month)) ? 'a message with an id of it is parked or dead' : undefined;
}

export function renderReports(reports: readonly Report[], apply: boolean): string {
  if (reports.length === 0) return 'No month of ids has ended yet.';
  const lines = reports.map(({ service, month, ids, kept, attempts }) => {
    const done = `${apply ? 'dropped' : 'would be dropped'}${attempts > 0 ? `, and ${attempts} attempts at tasks` : ''}`;
    return `${service.padEnd(10)} ${month}  ${String(ids).padStart(10)} ids  ${kept === undefined ? done : `kept: ${kept}`}`;
  });
  const due = reports.filter(({ kept }) => kept === undefined).length;
  return [...lines, ...(due > 0 && !apply ? ['Nothing was changed. --apply drops them.'] : [])].join('\n');
}
