import type { Queryable } from '@cartwheel/postgres';

/** One message that waits to be published. Header values from elsewhere are `{ base64 }`. */
export type OutboxRow = {
  readonly channel: 'kafka' | 'rabbitmq';
  readonly id: string;
  readonly destination: string;
  readonly key: Buffer | null;
  readonly type: string;
  readonly headers: Readonly<Record<string, string | { base64: string }>>;
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
