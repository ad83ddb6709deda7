import type { Delivery } from '@cartwheel/messages';
import type { Queryable } from '@cartwheel/postgres';

/** Headers as jsonb holds them. Values that came from elsewhere are base64: jsonb and text know no NUL. */
export type StoredHeaders = Readonly<Record<string, string | { base64: string }>>;

/** What waits for one loop: facts, tasks, and copies of dead letters for other tools, which nobody else must wait for. */
export type Channel = 'kafka' | 'rabbitmq' | 'dead-letters';

/** One message that waits to be published. */
export type OutboxRow = {
  readonly channel: Channel;
  readonly id: string;
  readonly destination: string;
  readonly key: Buffer | null;
  readonly type: string;
  readonly headers: StoredHeaders;
  readonly payload: Buffer | null;
};

/** Writes all rows with one statement: `seq` follows the order of the array. */
export async function writeRows(tx: Queryable, rows: readonly OutboxRow[]): Promise<void> {
  if (rows.length === 0) return;
  const column = <T>(pick: (row: OutboxRow) => T) => rows.map(pick);
  await tx.query(
    `INSERT INTO outbox (channel, id, destination, key, type, headers, payload)
     SELECT channel, id, destination, key, type, headers::jsonb, payload
     FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::bytea[])
       WITH ORDINALITY AS r(channel, id, destination, key, type, headers, payload, place)
     ORDER BY place`,
    [
      column((row) => row.channel),
      column((row) => row.id),
      column((row) => row.destination),
      column((row) => row.key),
      column((row) => row.type),
      column((row) => JSON.stringify(row.headers)),
      column((row) => row.payload),
    ],
  );
}

/** Headers from elsewhere, so that PostgreSQL can hold them, whatever is in them. */
export function storeHeaders(headers: Delivery['headers']): Record<string, { base64: string }> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => [
        name.replaceAll('\0', '').toWellFormed(),
        { base64: bytesOf(value).toString('base64') },
      ]),
  );
}

/** What `storeHeaders` stored. */
export function restoreHeaders(headers: StoredHeaders): Record<string, Buffer> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? Buffer.from(value) : Buffer.from(value.base64, 'base64'),
    ]),
  );
}

function bytesOf(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value;
  // RabbitMQ's own, x-death, is a list of tables. Kafka's repeated headers are a list of bytes.
  const isTable = typeof value === 'object' && !(Array.isArray(value) && value.every((one) => Buffer.isBuffer(one)));
  return Buffer.from(isTable ? JSON.stringify(value) : String(value));
}
