import { Transient } from '@cartwheel/primitives';
import type { Queryable } from '@cartwheel/postgres';

/**
 * Prevents: two writers deciding on the same old state of one stream.
 * How: an event's place is (stream, version); whoever read version n writes n + 1, and the primary key lets one of them.
 * Promises: 1. the events of a stream are 1, 2, 3 … without a gap. 2. A writer that lost gets `StaleVersion` and may
 *   read again.
 * Costs: one row per event, for ever.
 * Not here: snapshots (streams are short), projections, subscriptions (the outbox announces what others may know).
 * Proof: event-store.int.spec.ts
 */
export type StoredEvent<E extends { type: string }> = {
  readonly version: number;
  readonly occurredAt: Date;
  readonly event: E;
};

export type NewEvent<E extends { type: string }> = {
  readonly event: E;
  /** The id of the fact that announces this event, where one does. */
  readonly factId?: string | undefined;
  readonly correlationId: string;
  readonly causationId: string;
};

/** Somebody else wrote to the stream since it was read. */
export class StaleVersion extends Transient {
  override readonly name = 'StaleVersion';
}

/** The DDL of one stream table. `table` is a constant of the program, never input. */
export function eventStreamTable(table: string): string {
  return `
    CREATE TABLE ${table} (
      stream_id uuid NOT NULL, version int NOT NULL, type text NOT NULL, data jsonb NOT NULL,
      fact_id uuid, correlation_id uuid NOT NULL, causation_id text NOT NULL,
      occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      CONSTRAINT ${table}_pk PRIMARY KEY (stream_id, version))`;
}

/** Appends after `expectedVersion` (0 for a new stream). @throws StaleVersion when that place is taken. */
export async function appendEvents<E extends { type: string }>(
  tx: Queryable,
  table: string,
  streamId: string,
  expectedVersion: number,
  events: readonly NewEvent<E>[],
): Promise<void> {
  const rows = events.map(({ event, factId, correlationId, causationId }, index) => ({
    version: expectedVersion + index + 1,
    type: event.type,
    data: event,
    fact_id: factId ?? null,
    correlation_id: correlationId,
    causation_id: causationId,
  }));
  const written = await tx.query(
    `INSERT INTO ${table} (stream_id, version, type, data, fact_id, correlation_id, causation_id)
     SELECT $1, version, type, data, fact_id, correlation_id, causation_id
     FROM jsonb_to_recordset($2::jsonb)
       AS r(version int, type text, data jsonb, fact_id uuid, correlation_id uuid, causation_id text)
     ON CONFLICT DO NOTHING RETURNING version`,
    [streamId, JSON.stringify(rows)],
  );
  if (written.length !== rows.length) throw new StaleVersion(`${table}: version ${expectedVersion + 1} is taken`);
}

/** All events of a stream, oldest first; empty when there is no such stream. */
export async function readEvents<E extends { type: string }>(
  db: Queryable,
  table: string,
  streamId: string,
): Promise<StoredEvent<E>[]> {
  const rows = await db.query<{ version: number; data: E; occurred_at: Date }>(
    `SELECT version, data, occurred_at FROM ${table} WHERE stream_id = $1 ORDER BY version`,
    [streamId],
  );
  return rows.map((row) => ({ version: row.version, occurredAt: row.occurred_at, event: row.data }));
}
