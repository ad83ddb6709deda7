import type { KeptRow, SetAside } from '@cartwheel/outbox';
import type { Queryable } from '@cartwheel/postgres';
import { indexable, insertRows, type NewRow } from './parking.ts';

/**
 * Prevents: one message that its broker refuses for good, and every other of its service waiting behind it.
 * How: the relay sets it aside as a dead letter of the consumer `relay`, with the broker's reason and its place in the outbox
 *   (`outbox_seq`). The later facts of its key are set aside behind it. Let go, a row returns to the very place where it
 *   stood: the relay reads by that place, so nothing of the key is before it, whatever was written meanwhile.
 * Promises: 1. facts of a key are published in the order of their commits, or not at all. 2. Nobody else waits.
 * Costs: the relay's read looks into `parked_messages` for each row.
 * Not here: what a broker refuses for good (KafkaPublisher, RabbitmqPublisher); the decision of a person (operate.ts).
 * Proof: refused.int.spec.ts
 */
export const refusedFacts: SetAside = {
  isHeld: `EXISTS (
    SELECT 1 FROM parked_messages AS earlier WHERE earlier.consumer = 'relay' AND earlier.topic = outbox.destination
      AND earlier.key = outbox.key AND earlier.outbox_seq < outbox.seq)`,
  async keep(tx, rows) {
    const waiting = rows.filter(({ reason }) => reason === undefined);
    const { rows: blocking } = await tx.query<{ topic: string; key: Buffer; outbox_seq: string }>(BLOCKING, [
      waiting.map(({ row }) => row.destination),
      waiting.map(({ row }) => row.key),
    ]);
    const isBlocked = ({ row }: KeptRow) =>
      blocking.some(
        ({ topic, key, outbox_seq: seq }) =>
          topic === row.destination && row.key?.equals(key) && BigInt(seq) < BigInt(row.seq),
      );
    const kept = rows.filter((one) => one.reason !== undefined || isBlocked(one));
    await insertRows(tx, kept.map(toRow('kafka')));
    return kept.map(({ row }) => row.seq);
  },
};

/** Tasks have no order: none waits for another. */
export const refusedTasks: SetAside = {
  async keep(tx, rows) {
    await insertRows(tx, rows.map(toRow('rabbitmq')));
    return rows.map(({ row }) => row.seq);
  },
};

/**
 * The dead rows of these keys, locked: a person who lets one go waits until those behind it are kept, and takes them too.
 * One that is gone already has taken its key with it, and what was to wait behind it stays in the outbox.
 */
const BLOCKING = `
  SELECT topic, key, outbox_seq FROM parked_messages
  WHERE consumer = 'relay' AND state = 'dead'
    AND (topic, key) IN (SELECT * FROM unnest($1::text[], $2::bytea[]))
  ORDER BY position FOR UPDATE`;

function toRow(source: 'kafka' | 'rabbitmq') {
  return ({ row, reason }: KeptRow): NewRow => ({
    source,
    consumer: 'relay',
    topic: row.destination,
    key: source === 'kafka' && row.key !== null ? indexable(row.key) : Buffer.from(row.id),
    partition: null,
    offset: null,
    outboxSeq: row.seq,
    timestamp: null,
    state: reason === undefined ? 'parked' : 'dead',
    attempts: reason === undefined ? 0 : 1,
    waitMs: 0,
    id: row.id,
    payload: row.payload,
    headers: row.headers,
    firstFailedAt: reason === undefined ? null : new Date(),
    errorClass: reason === undefined ? null : 'Refused',
    errorMessage: reason ?? null,
  });
}

/**
 * Takes what waits behind a dead fact of the relay, and with `itself` that fact too, back into the outbox: each to the place
 * where it stood. Another dead fact of the key before them holds them again.
 */
export async function letGo(
  tx: Queryable,
  { position, topic, key }: { position: number; topic: string; key: Buffer },
  { itself }: { itself: boolean },
): Promise<void> {
  await tx.query(
    `WITH free AS (
       DELETE FROM parked_messages
       WHERE consumer = 'relay' AND topic = $2 AND key = $3 AND (state = 'parked' OR position = $1) RETURNING *)
     INSERT INTO outbox (seq, channel, id, destination, key, type, headers, payload) OVERRIDING SYSTEM VALUE
     SELECT outbox_seq, CASE WHEN topic LIKE '%.dlq' THEN 'dead-letters' ELSE 'kafka' END, event_id, topic,
       CASE WHEN key <> convert_to(event_id::text, 'UTF8')
         THEN coalesce(decode(headers -> 'dlq_original_key' ->> 'base64', 'base64'), key) END,
       CASE WHEN topic LIKE '%.dlq' THEN 'DeadLetter' ELSE headers ->> 'ce_type' END, headers, payload
     FROM free WHERE position <> $1 OR $4`,
    [position, topic, key, itself],
  );
}
