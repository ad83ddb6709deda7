import type { Delivery, HeaderValue } from '@cartwheel/contracts';
import { type OutboxRow, type RelayRow, writeRows } from '@cartwheel/outbox';
import type { Queryable } from '@cartwheel/postgres';
import { describeError, newId } from '@cartwheel/primitives';
import { createHash } from 'node:crypto';

/** Why and how often a message failed. */
export type Failure = { readonly error: unknown; readonly attempts: number; readonly firstFailedAt: Date };

const MAX_KEY_BYTES = 1_024;
/** The topic takes 2 MB. A stranger's compressed record may be larger once it is unpacked, and one row that Kafka refuses
 * would stop the relay. Base64 and the repeated key need room too. */
const MAX_COPY_BYTES = 1_000_000;

const INSERT = `
  INSERT INTO parked_messages (source, consumer, topic, key, partition, record_offset, state, attempts, next_attempt_at,
    event_id, payload, headers, first_failed_at, last_failed_at, error_class, error_message)
  VALUES ($1, $2, $3, $4, $5, $6, 'dead', $7, now(), $8, $9, $10, $11, now(), $12, $13)`;

/**
 * Gives a message up: a dead row, and for a Kafka record a copy to `deadLetterTopic` through the outbox, in the same
 * transaction. Key and bytes stay untouched. A person replays or discards it.
 */
export async function bury(
  tx: Queryable,
  at: { consumer: string; deadLetterTopic?: string },
  message: { id: string; delivery: Delivery },
  failure: Failure,
): Promise<void> {
  const { delivery, id } = message;
  const { errorClass, message: text, stack } = describeError(failure.error);
  await tx.query(INSERT, [
    delivery.source,
    at.consumer,
    delivery.topic,
    rowKey(delivery.key, id),
    delivery.partition ?? null,
    delivery.offset ?? null,
    failure.attempts,
    id,
    delivery.value,
    JSON.stringify(encodeHeaders(delivery.headers)),
    failure.firstFailedAt,
    errorClass,
    text,
  ]);
  if (at.deadLetterTopic === undefined) return;
  const size = (delivery.key?.length ?? 0) + (delivery.value?.length ?? 0) + JSON.stringify(delivery.headers).length;
  const fits = size < MAX_COPY_BYTES;
  const copy: OutboxRow = {
    channel: 'kafka',
    id: newId(),
    destination: at.deadLetterTopic,
    key: fits ? delivery.key : null,
    type: 'DeadLetter',
    payload: fits ? delivery.value : null,
    headers: {
      ...(fits
        ? encodeHeaders(delivery.headers)
        : { dlq_omitted: 'key, headers and value: too large, kept in the database' }),
      dlq_original_topic: delivery.topic,
      dlq_original_partition: String(delivery.partition ?? ''),
      dlq_original_offset: delivery.offset ?? '',
      dlq_original_timestamp: delivery.timestamp ?? '',
      ...(fits ? { dlq_original_key: { base64: (delivery.key ?? Buffer.alloc(0)).toString('base64') } } : {}),
      dlq_consumer: at.consumer,
      dlq_attempts: String(failure.attempts),
      dlq_first_failed_at: failure.firstFailedAt.toISOString(),
      dlq_last_failed_at: new Date().toISOString(),
      dlq_error_class: errorClass,
      dlq_error_message: text,
      dlq_error_stack: stack,
    },
  };
  await writeRows(tx, [copy]);
}

/** Keeps outbox rows that no queue is bound for: they are somebody's work, and must not hold up the rows behind them. */
export async function buryUnroutable(
  client: { query(sql: string, parameters: unknown[]): Promise<unknown> },
  rows: readonly RelayRow[],
): Promise<void> {
  for (const row of rows) {
    await client.query(INSERT, [
      'rabbitmq',
      'relay',
      row.destination,
      Buffer.from(row.id),
      null,
      null,
      1,
      row.id,
      row.payload,
      JSON.stringify(row.headers),
      new Date(),
      'Unroutable',
      `no queue is bound for ${row.key?.toString() ?? ''}`,
    ]);
  }
}

/**
 * The key under which a message stands in `parked_messages`. One without a key stands under its own id; one that is too long
 * for the index (a B-tree entry ends at 2.7 kB) under its digest, which is the same for every message of that key.
 */
function rowKey(key: Buffer | null, id: string): Buffer {
  if (key === null) return Buffer.from(id);
  return key.length <= MAX_KEY_BYTES ? key : createHash('sha256').update(key).digest();
}

function encodeHeaders(headers: Readonly<Record<string, HeaderValue>>): Record<string, { base64: string }> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => [
        name.replaceAll('\0', ''),
        { base64: (Buffer.isBuffer(value) ? value : Buffer.from(String(value))).toString('base64') },
      ]),
  );
}
