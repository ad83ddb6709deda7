import type { Queryable } from '@cartwheel/postgres';

export type SetAsideCounts = {
  readonly consumer: string;
  readonly keys: number;
  readonly parked: number;
  readonly dead: number;
  /** How long ago the oldest dead one failed for the last time, in s; 0 when none is dead. */
  readonly oldestDeadAgeS: number;
};

/** How much each consumer has set aside; of more than 100 000 rows the oldest. Nobody who has nothing. */
export async function setAsideCounts(db: Queryable): Promise<SetAsideCounts[]> {
  return db.query<SetAsideCounts>(
    `SELECT consumer, count(DISTINCT (topic, key))::int AS keys,
       (count(*) FILTER (WHERE state = 'parked'))::int AS parked, (count(*) FILTER (WHERE state = 'dead'))::int AS dead,
       coalesce(extract(epoch FROM now() - min(last_failed_at) FILTER (WHERE state = 'dead'))::float8, 0) AS "oldestDeadAgeS"
     FROM (SELECT consumer, topic, key, state, last_failed_at FROM parked_messages ORDER BY position LIMIT 100000) AS oldest
     GROUP BY consumer`,
  );
}
