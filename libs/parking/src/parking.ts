import type { Delivery } from '@cartwheel/messages';
import type { Parking } from '@cartwheel/inbox';
import { restoreHeaders, type StoredHeaders, storeHeaders } from '@cartwheel/outbox';
import { backoff, describeError } from '@cartwheel/primitives';
import { createHash } from 'node:crypto';

/**
 * Prevents: order lost behind a message that failed (retry topics), and everybody waiting for it (a blocked partition).
 * How: what cannot be applied now is a row. A key is held exactly when it has one; the messages that follow are appended
 *   behind it, in the transactions that claim their ids. Heads of keys are tried again by the retrier.
 * Promises: 1. messages of one key are applied in their order, whichever of them fails. 2. Other keys do not wait.
 *   3. A dead row holds its key too, until a person replays or discards it: an unknown version during a deploy must not let
 *   OrderCancelled pass OrderPlaced. Only a record without a key holds nothing.
 * Costs: one look-up per chunk.
 * Not here: the attempts (retrier.ts); who decides what is parked and what is dead (libs/inbox).
 * Proof: parking.int.spec.ts, parking.model.int.spec.ts
 */
export const parking: Parking = {
  async heldKeys(tx, consumer, topic, keys) {
    const rows = await tx.query<{ k: Buffer }>(
      `SELECT k FROM unnest($3::bytea[]) AS k
       WHERE EXISTS (SELECT 1 FROM parked_messages WHERE consumer = $1 AND topic = $2 AND key = k)`,
      [consumer, topic, keys.map(indexable)],
    );
    const held = new Set(rows.map(({ k }) => k.toString('latin1')));
    return keys.filter((key) => held.has(indexable(key).toString('latin1')));
  },

  async keep(tx, consumer, messages) {
    const rows = messages.map(({ id, delivery, state, failure }): NewRow => {
      const { errorClass, message } = failure ? describeError(failure.error) : {};
      return {
        source: delivery.source,
        consumer,
        topic: delivery.topic,
        key: delivery.key === null ? Buffer.from(id) : indexable(delivery.key),
        partition: delivery.partition ?? null,
        offset: delivery.offset ?? null,
        outboxSeq: null,
        timestamp: delivery.timestamp ?? null,
        state,
        attempts: failure?.attempts ?? 0,
        waitMs: failure && state === 'parked' ? delayAfter(failure.attempts) : 0,
        id,
        payload: delivery.value,
        headers: storeHeaders(delivery.headers),
        firstFailedAt: failure?.firstFailedAt ?? null,
        errorClass: errorClass ?? null,
        errorMessage: message ?? null,
      };
    });
    await insertRows(tx, rows);
  },
};

/** How long a message rests after this many attempts, in ms, jittered: about 1, 2, 4 … s, at most 5 min. */
export function delayAfter(attempts: number): number {
  return backoff(attempts, { baseMs: 1_000, maxMs: 300_000 });
}

export type NewRow = {
  readonly source: 'kafka' | 'rabbitmq';
  readonly consumer: string;
  readonly topic: string;
  readonly key: Buffer;
  readonly partition: number | null;
  readonly offset: string | null;
  /** Of a row that the relay set aside: its place in the outbox. */
  readonly outboxSeq: string | null;
  readonly timestamp: string | null;
  readonly state: 'parked' | 'dead';
  readonly attempts: number;
  readonly waitMs: number;
  readonly id: string;
  readonly payload: Buffer | null;
  readonly headers: StoredHeaders;
  /** None: it has not failed, it waits. */
  readonly firstFailedAt: Date | null;
  readonly errorClass: string | null;
  readonly errorMessage: string | null;
};

/** All rows with one statement: positions follow the order of the array. */
export async function insertRows(
  tx: { query(sql: string, parameters: unknown[]): Promise<unknown> },
  rows: readonly NewRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const column = <T>(pick: (row: NewRow) => T) => rows.map(pick);
  await tx.query(
    `INSERT INTO parked_messages (source, consumer, topic, key, partition, record_offset, outbox_seq, record_timestamp, state,
       attempts, next_attempt_at, event_id, payload, headers, first_failed_at, last_failed_at, error_class, error_message)
     SELECT source, consumer, topic, key, partition, record_offset, outbox_seq, record_timestamp, state, attempts,
       now() + wait_ms * interval '1 ms', event_id, payload, headers::jsonb, first_failed_at,
       CASE WHEN first_failed_at IS NOT NULL THEN now() END, error_class, error_message
     FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::int[], $6::bigint[], $7::bigint[], $8::timestamptz[],
       $9::text[], $10::int[], $11::float8[], $12::uuid[], $13::bytea[], $14::text[], $15::timestamptz[], $16::text[],
       $17::text[])
       WITH ORDINALITY AS r(source, consumer, topic, key, partition, record_offset, outbox_seq, record_timestamp, state,
       attempts, wait_ms, event_id, payload, headers, first_failed_at, error_class, error_message, place)
     ORDER BY place`,
    [
      column(({ source }) => source),
      column(({ consumer }) => consumer),
      column(({ topic }) => topic),
      column(({ key }) => key),
      column(({ partition }) => partition),
      column(({ offset }) => offset),
      column(({ outboxSeq }) => outboxSeq),
      column(({ timestamp }) => timestamp),
      column(({ state }) => state),
      column(({ attempts }) => attempts),
      column(({ waitMs }) => waitMs),
      column(({ id }) => id),
      column(({ payload }) => payload),
      column(({ headers }) => JSON.stringify(headers)),
      column(({ firstFailedAt }) => firstFailedAt),
      column(({ errorClass }) => errorClass),
      column(({ errorMessage }) => errorMessage),
    ],
  );
}

export type ParkedRow = {
  readonly source: 'kafka' | 'rabbitmq';
  readonly topic: string;
  readonly key: Buffer;
  readonly partition: number | null;
  readonly record_offset: string | null;
  readonly record_timestamp: Date | null;
  readonly event_id: string;
  readonly payload: Buffer | null;
  readonly headers: StoredHeaders;
};

/** A kept message as the broker had delivered it. */
export function deliveryOf(row: ParkedRow): Delivery {
  return {
    source: row.source,
    topic: row.topic,
    ...(row.partition === null ? {} : { partition: row.partition }),
    ...(row.record_offset === null ? {} : { offset: row.record_offset }),
    ...(row.record_timestamp === null ? {} : { timestamp: row.record_timestamp.toISOString() }),
    key: row.key.equals(Buffer.from(row.event_id)) ? null : row.key,
    headers: restoreHeaders(row.headers),
    value: row.payload,
  };
}

const MAX_KEY_BYTES = 1_024;

/** A key that is too long for the index (a B-tree entry ends at 2.7 kB) stands under its digest, always the same one. */
export function indexable(key: Buffer): Buffer {
  return key.length <= MAX_KEY_BYTES ? key : createHash('sha256').update(key).digest();
}
