import type { Queryable } from '@cartwheel/postgres';
import type { Channel } from './outbox-row.ts';

/** For how many ms the oldest fact or task has waited to be published; 0 when none waits. Nobody waits for a dead letter's copy. */
export async function oldestAgeMs(db: Queryable): Promise<number> {
  // `seq` follows created_at, and within a channel it has the index.
  const [oldest] = await db.query<{ age_ms: number | null }>(
    `SELECT (extract(epoch FROM clock_timestamp() - min(created_at)) * 1000)::float8 AS age_ms
     FROM (VALUES ('kafka'), ('rabbitmq')) AS broker(channel) CROSS JOIN LATERAL (
       SELECT created_at FROM outbox WHERE outbox.channel = broker.channel ORDER BY seq LIMIT 1) AS oldest`,
  );
  return oldest!.age_ms ?? 0;
}

export type Waiting = {
  readonly channel: Channel;
  readonly messages: number;
  readonly oldestAgeS: number;
};

/** What waits to be published. Counts up to 100 000 per channel: beyond it the figure would cost more than it says. */
export async function waiting(db: Queryable): Promise<Waiting[]> {
  return db.query<Waiting>(
    `SELECT broker.channel, counted.messages,
       coalesce(extract(epoch FROM clock_timestamp() - oldest.created_at)::float8, 0) AS "oldestAgeS"
     FROM (VALUES ('kafka'), ('rabbitmq'), ('dead-letters')) AS broker(channel)
     CROSS JOIN LATERAL (
       SELECT count(*)::int AS messages FROM (
         SELECT FROM outbox WHERE outbox.channel = broker.channel LIMIT 100000) AS first) AS counted
     LEFT JOIN LATERAL (
       SELECT created_at FROM outbox WHERE outbox.channel = broker.channel ORDER BY seq LIMIT 1) AS oldest ON true`,
  );
}

/**
 * How many deleted rows of the outbox vacuum has not removed, as PostgreSQL estimates. The relay's read passes over them: a
 * million cost it 50 ms. There are many only while something holds an old snapshot, or autovacuum is off.
 */
export async function deadRows(db: Queryable): Promise<number> {
  const [stats] = await db.query<{ dead: number }>(
    `SELECT n_dead_tup::float8 AS dead FROM pg_stat_user_tables WHERE relid = 'outbox'::regclass`,
  );
  return stats?.dead ?? 0;
}
