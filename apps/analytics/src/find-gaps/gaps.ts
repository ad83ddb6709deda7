import type { Queryable } from '@cartwheel/postgres';

/**
 * Prevents: a fact that is lost between a service's COMMIT and its readers, and nobody notices.
 * How: a service numbers the facts of each topic and subject, 1, 2, 3 …, in the transaction that announces them. Analytics
 *   reads every fact, and keeps for each topic and subject the last number and how many it has seen. Fewer than the last
 *   number says: some are missing.
 * Promises: 1. A gap is seen when the next fact of its subject is read, and ends when it is filled. 2. A fact that comes twice
 *   is counted once: its id is claimed. 3. A fact that comes late, out of another partition, is a gap for as long as it is
 *   late, and not longer. 4. What is parked or dead here is not missing: other alarms name it.
 * Costs: a row per topic and subject, written with each fact. A look at the gaps reads an index that holds the gaps alone.
 * Not here: the loss of the last fact of a subject, which no later one shows (`npm run verify` compares with the services).
 * Proof: find-gaps.int.spec.ts
 */
export type Gap = { readonly topic: string; readonly subject: string; readonly since: Date };

export type Missing = { readonly from: number; readonly to: number };

/** How long a fact may be late: a partition that is read more slowly than another. In s. */
export const LATE_S = 60;

const MISSING = `
  FROM fact_sequences AS s WHERE gap_since IS NOT NULL AND NOT EXISTS (
    SELECT FROM parked_messages AS p
    WHERE p.consumer = 'analytics.facts' AND p.topic = s.topic AND p.key = convert_to(s.subject, 'UTF8'))`;

/** Those that have been there for `LATE_S` or longer, the oldest first, a hundred at most. */
export function findGaps(database: Queryable): Promise<Gap[]> {
  return database.query<Gap>(
    `SELECT topic, subject, gap_since AS since ${MISSING} AND gap_since <= now() - make_interval(secs => $1)
     ORDER BY gap_since, topic, subject LIMIT 100`,
    [LATE_S],
  );
}

/** All of them, also those of a moment ago, and how old the oldest is in s. */
export async function countGaps(database: Queryable): Promise<{ readonly gaps: number; readonly oldestAgeS: number }> {
  const [counted] = await database.query<{ gaps: number; oldestAgeS: number }>(
    `SELECT count(*)::int AS gaps, coalesce(extract(epoch FROM now() - min(gap_since))::float8, 0) AS "oldestAgeS" ${MISSING}`,
  );
  return counted!;
}

/** The numbers that are missing, in ranges, at most ten. */
export function missingNumbers(database: Queryable, { topic, subject }: Gap): Promise<Missing[]> {
  return database.query<Missing>(
    `SELECT (before + 1)::float8 AS "from", (sequence - 1)::float8 AS "to" FROM (
       SELECT sequence, lag(sequence, 1, 0::bigint) OVER (ORDER BY sequence) AS before
       FROM facts WHERE subject = $1 AND topic = $2 AND sequence IS NOT NULL) AS numbers
     WHERE sequence > before + 1 ORDER BY sequence LIMIT 10`,
    [subject, topic],
  );
}
