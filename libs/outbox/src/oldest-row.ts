import type { Queryable } from '@cartwheel/postgres';

/** For how many ms the oldest message has waited to be published, whichever its broker; 0 when none waits. */
export async function oldestAgeMs(db: Queryable): Promise<number> {
  // `seq` follows created_at, and within a channel it has the index.
  const [oldest] = await db.query<{ age_ms: number | null }>(
    `SELECT (extract(epoch FROM clock_timestamp() - min(created_at)) * 1000)::float8 AS age_ms
     FROM (VALUES ('kafka'), ('rabbitmq')) AS broker(channel) CROSS JOIN LATERAL (
       SELECT created_at FROM outbox WHERE outbox.channel = broker.channel ORDER BY seq LIMIT 1) AS oldest`,
  );
  return oldest!.age_ms ?? 0;
}
