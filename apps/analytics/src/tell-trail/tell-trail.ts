import { type FactType, maskPersonal } from '@cartwheel/contracts';
import type { Queryable } from '@cartwheel/postgres';

/** Every fact about an order, as the log has it, with personal fields masked. */
export type AnalyticsTrail = {
  readonly facts: readonly {
    readonly id: string;
    readonly type: FactType;
    readonly source: string;
    readonly time: Date;
    readonly correlationId: string;
    readonly causationId: string;
    readonly data: unknown;
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    /** When Kafka took it. */
    readonly recordedAt: Date;
  }[];
};

export async function tellTrail(database: Queryable, orderId: string): Promise<AnalyticsTrail> {
  const facts = await database.query<AnalyticsTrail['facts'][number]>(
    `SELECT id, type, source, time, correlation_id AS "correlationId", causation_id AS "causationId", data, topic, partition,
       record_offset::float8 AS "offset", recorded_at AS "recordedAt"
     FROM facts WHERE subject = $1 ORDER BY recorded_at, topic, partition, record_offset`,
    [orderId],
  );
  return { facts: facts.map((fact) => ({ ...fact, data: maskPersonal(fact.data) })) };
}
