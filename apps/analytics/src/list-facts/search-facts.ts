/** The place of a fact in the order of all facts: `next` of one page is `after` of the following. */
export type Place = {
  readonly recordedAt: Date;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
};

export type FactFilter = {
  readonly orderId?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly type?: string | undefined;
  /** Of the record's own time, from (inclusive) and up to (exclusive). */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** Words that must all stand in the data. Personal fields are not in the index, so a search cannot be used to guess them. */
  readonly q?: string | undefined;
  readonly after?: Place | undefined;
  readonly limit: number;
};

const COLUMNS = `id, type, version, source, subject, time, sequence::float8, correlation_id AS "correlationId",
  causation_id AS "causationId", data, topic, partition, record_offset AS "offset", recorded_at AS "recordedAt"`;

/**
 * The statement for one page and one row more, in the order in which the log took the facts. Only what is asked for stands in
 * it: `$1 IS NULL OR …` would leave the choice of an index to luck.
 */
export function searchFacts(filter: FactFilter): { readonly sql: string; readonly parameters: readonly unknown[] } {
  const parameters: unknown[] = [];
  const bind = (value: unknown) => `$${parameters.push(value)}`;
  const { orderId, correlationId, type, from, to, q, after, limit } = filter;
  const conditions = [
    orderId !== undefined && `subject = ${bind(orderId)}`,
    correlationId !== undefined && `correlation_id = ${bind(correlationId)}`,
    type !== undefined && `type = ${bind(type)}`,
    from !== undefined && `recorded_at >= ${bind(from)}`,
    to !== undefined && `recorded_at < ${bind(to)}`,
    q !== undefined && `words @@ plainto_tsquery('simple', ${bind(q)})`,
    after !== undefined &&
      `(recorded_at, topic, partition, record_offset) >
        (${bind(after.recordedAt)}, ${bind(after.topic)}, ${bind(after.partition)}, ${bind(after.offset)}::bigint)`,
  ].filter((condition) => condition !== false);
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
  const sql = `SELECT ${COLUMNS} FROM facts ${where}
    ORDER BY recorded_at, topic, partition, record_offset LIMIT ${bind(limit + 1)}`;
  return { sql, parameters };
}
