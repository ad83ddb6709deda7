import type { Contracts } from '@cartwheel/messages';
import type { Queryable } from '@cartwheel/postgres';
import { DomainError } from '@cartwheel/primitives';
import {
  type DeadLetter,
  type ParkedMessage,
  shown,
  type Standing,
  summarize,
  type SummaryRow,
  type WholeRow,
} from './dead-letter.ts';

export type ParkedFilter = {
  readonly state: 'parked' | 'dead';
  readonly consumer?: string | undefined;
  readonly type?: string | undefined;
  /** The key's own text, or as a list shows it. */
  readonly key?: string | undefined;
  readonly errorClass?: string | undefined;
  /** Of the last failure, from (inclusive) and up to (exclusive). */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  /** Only positions above it: where the page before ended. */
  readonly after?: number | undefined;
  readonly limit: number;
};

const SUMMARY = `position::float8 AS position, state, source, consumer, topic, partition, record_offset::float8 AS "offset",
  headers -> 'ce_type' AS type, key, event_id AS "eventId", attempts, first_failed_at AS "firstFailedAt",
  last_failed_at AS "lastFailedAt", next_attempt_at AS "nextAttemptAt", error_class AS "errorClass",
  error_message AS "errorMessage"`;

/** A stored type is compared as it is stored: to decode it would fail on bytes that are no UTF-8, and the list with it. */
const LIST = `
  SELECT ${SUMMARY} FROM parked_messages
  WHERE state = $1 AND position > $2
    AND ($3::text IS NULL OR consumer = $3)
    AND ($4::text IS NULL OR headers ->> 'ce_type' = $4 OR headers -> 'ce_type' ->> 'base64' = $5)
    AND ($6::bytea IS NULL OR key = $6 OR left(encode(sha256(key), 'hex'), 16) = $7)
    AND ($8::text IS NULL OR error_class = $8)
    AND ($9::timestamptz IS NULL OR last_failed_at >= $9)
    AND ($10::timestamptz IS NULL OR last_failed_at < $10)
  ORDER BY position LIMIT $11`;

/** Oldest first. `next` is where the next page begins (`after`), null at the end. */
export async function listParked(
  db: Queryable,
  filter: ParkedFilter,
  contracts: Contracts,
): Promise<{ items: ParkedMessage[]; next: number | null }> {
  const { state, consumer, type, key, errorClass, since, until, after = 0, limit } = filter;
  const digest = /^sha256:([0-9a-f]{16})$/.exec(key ?? '')?.[1];
  const rows = await db.query<SummaryRow>(LIST, [
    state,
    after,
    consumer ?? null,
    type ?? null,
    Buffer.from(type ?? '').toString('base64'),
    key === undefined ? null : Buffer.from(key),
    digest ?? null,
    errorClass ?? null,
    since ?? null,
    until ?? null,
    // One more than asked for: it tells whether there is a next page.
    limit + 1,
  ]);
  const items = rows.slice(0, limit).map((row) => summarize(row, contracts));
  return { items, next: rows.length > limit ? items.at(-1)!.position : null };
}

/**
 * Everything parked or dead that is about this subject (an order's id), oldest first. A fact has it as its key, a task only
 * in its headers. Reads the whole table, which is small or somebody's worry already.
 */
export async function parkedAbout(db: Queryable, subject: string, contracts: Contracts): Promise<ParkedMessage[]> {
  const rows = await db.query<SummaryRow>(
    `SELECT ${SUMMARY} FROM parked_messages
     WHERE key = $1 OR headers ->> 'ce_subject' = $2 OR headers -> 'ce_subject' ->> 'base64' = $3 ORDER BY position`,
    [Buffer.from(subject), subject, Buffer.from(subject).toString('base64')],
  );
  return rows.map((row) => summarize(row, contracts));
}

/** One message, parked or dead, with nothing personal. @throws DomainError dead-letter-not-found */
export async function showParked(db: Queryable, position: number, contracts: Contracts): Promise<DeadLetter> {
  const row = await readRow(db, position);
  return shown(row, await standingOf(db, row), contracts);
}

/** @throws DomainError dead-letter-not-found */
export async function readRow(db: Queryable, position: number, lock: '' | 'FOR UPDATE' = ''): Promise<WholeRow> {
  const [row] = await db.query<WholeRow>(
    `SELECT ${SUMMARY}, headers, payload FROM parked_messages WHERE position = $1 ${lock}`,
    [position],
  );
  if (!row) throw new DomainError('dead-letter-not-found', 'There is no message at this position.', 404);
  return row;
}

export async function standingOf(db: Queryable, row: WholeRow): Promise<Standing> {
  const [standing] = await db.query<Standing>(
    // By its place in the outbox where it has one: what the relay refuses a second time gets a new position.
    `WITH own AS (
       SELECT position, state, coalesce(outbox_seq, position) AS place
       FROM parked_messages WHERE consumer = $1 AND topic = $2 AND key = $3),
       this AS (SELECT place FROM own WHERE position = $4)
     SELECT (SELECT own.position FROM own, this WHERE own.place < this.place AND state = 'dead'
         ORDER BY own.place LIMIT 1)::float8 AS "blockedBy",
       (SELECT count(*) FROM own, this WHERE own.place > this.place)::int AS behind`,
    [row.consumer, row.topic, row.key, row.position],
  );
  return standing!;
}
