import { type Delivery, facts, maskPersonal, readEnvelope, tasks } from '@cartwheel/contracts';
import type { Queryable } from '@cartwheel/postgres';
import { DomainError, isId } from '@cartwheel/primitives';
import { createHash } from 'node:crypto';

/**
 * Prevents: an operator who reads a customer's name in order to mend a queue.
 * How: what is shown is what we know to be harmless, not what is left when the known names are taken out. A type is shown
 *   when a contract knows it, a key when it is an id, an error's text when the sentence is ours, data when it reads against its
 *   contract, and then with its personal fields masked.
 * Promises: 1. lists and `showParked` hold nothing that a message brought along and no contract describes.
 *   2. Everything else is told by size and digest, so that two rows can be compared.
 * Costs: a key that is no id is a digest in every list; a library's error text takes a `reveal`.
 * Not here: the whole of a message (`reveal`, which leaves a trace) and changes: operate.ts.
 * Proof: dead-letter.int.spec.ts
 */
export type ParkedMessage = {
  readonly position: number;
  readonly state: 'parked' | 'dead';
  readonly source: 'kafka' | 'rabbitmq';
  readonly consumer: string;
  /** The topic, the queue, or for a task that no queue was bound for the exchange. */
  readonly topic: string;
  readonly partition: number | null;
  readonly offset: number | null;
  /** Null: no contract knows it. */
  readonly type: string | null;
  /** An id, or `sha256:` and the first 16 digits: what the filter `key` takes. */
  readonly key: string;
  readonly eventId: string;
  readonly attempts: number;
  readonly firstFailedAt: Date | null;
  readonly lastFailedAt: Date | null;
  readonly nextAttemptAt: Date;
  readonly errorClass: string | null;
  /** Null where the text is not ours: it might quote the message. */
  readonly errorMessage: string | null;
};

/** Where a message stands among those of its key. A task has no order, and stands alone. */
export type Standing = {
  /** The first dead message of the key before this one: nothing moves until that is replayed or discarded. */
  readonly blockedBy: number | null;
  /** How many messages of the key wait behind this one. */
  readonly behind: number;
};

export type DeadLetter = ParkedMessage &
  Standing & {
    readonly payload: { readonly bytes: number; readonly sha256: string } | null;
    /** The message as its contract describes it, personal fields masked. Absent when it cannot be read. */
    readonly message?: {
      readonly subject: string;
      readonly time: string;
      readonly version: number;
      readonly correlationId: string;
      readonly causationId: string;
      readonly data: unknown;
    };
  };

/** Everything, as text where it is UTF-8, else as base64. */
export type Revealed = {
  readonly position: number;
  readonly key: string;
  readonly errorMessage: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: { readonly text: string } | { readonly base64: string } | null;
};

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

/** A header that came over a broker stands there as `{ base64 }`; those of our own outbox are plain text. */
type StoredHeader = string | { readonly base64: string };

type SummaryRow = Omit<ParkedMessage, 'type' | 'key'> & {
  readonly key: Buffer;
  readonly type: StoredHeader | null;
};
export type WholeRow = SummaryRow & {
  readonly headers: Readonly<Record<string, StoredHeader>>;
  readonly payload: Buffer | null;
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
  const items = rows.slice(0, limit).map(summarize);
  return { items, next: rows.length > limit ? items.at(-1)!.position : null };
}

/**
 * Everything parked or dead that is about this subject (an order's id), oldest first. A fact has it as its key, a task only
 * in its headers. Reads the whole table, which is small or somebody's worry already.
 */
export async function parkedAbout(db: Queryable, subject: string): Promise<ParkedMessage[]> {
  const rows = await db.query<SummaryRow>(
    `SELECT ${SUMMARY} FROM parked_messages
     WHERE key = $1 OR headers ->> 'ce_subject' = $2 OR headers -> 'ce_subject' ->> 'base64' = $3 ORDER BY position`,
    [Buffer.from(subject), subject, Buffer.from(subject).toString('base64')],
  );
  return rows.map(summarize);
}

/** One message, parked or dead, with nothing personal. @throws DomainError dead-letter-not-found */
export async function showParked(db: Queryable, position: number): Promise<DeadLetter> {
  const row = await readRow(db, position);
  const message = readable(row);
  return {
    ...summarize(row),
    ...(await standingOf(db, row)),
    payload: row.payload && { bytes: row.payload.length, sha256: digestOf(row.payload) },
    ...(message ? { message } : {}),
  };
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
    `SELECT min(position) FILTER (WHERE position < $4 AND state = 'dead')::float8 AS "blockedBy",
       (count(*) FILTER (WHERE position > $4))::int AS behind
     FROM parked_messages WHERE consumer = $1 AND topic = $2 AND key = $3`,
    [row.consumer, row.topic, row.key, row.position],
  );
  return standing!;
}

/** Null when no contract knows the type: a stranger's may be anything. */
export function knownType(row: Pick<SummaryRow, 'type'>): string | null {
  const type = row.type === null ? undefined : textOf(row.type);
  return type !== undefined && (Object.hasOwn(facts, type) || Object.hasOwn(tasks, type)) ? type : null;
}

export function headersOfRow(row: WholeRow): Record<string, string> {
  return Object.fromEntries(Object.entries(row.headers).map(([name, value]) => [name, textOf(value)]));
}

export function revealed(row: WholeRow): Revealed {
  const { position, errorMessage, payload, key } = row;
  const asText = payload && utf8(payload);
  return {
    position,
    key: utf8(key) ?? `base64:${key.toString('base64')}`,
    errorMessage,
    headers: headersOfRow(row),
    payload: payload && (asText === undefined ? { base64: payload.toString('base64') } : { text: asText! }),
  };
}

function summarize(row: SummaryRow): ParkedMessage {
  const { position, state, source, consumer, topic, partition, offset, eventId, attempts, errorClass } = row;
  const { firstFailedAt, lastFailedAt, nextAttemptAt } = row;
  return {
    ...{ position, state, source, consumer, topic, partition, offset, eventId, attempts },
    ...{ firstFailedAt, lastFailedAt, nextAttemptAt, errorClass },
    type: knownType(row),
    key: shownKey(row.key),
    errorMessage: ownWords(errorClass, row.errorMessage),
  };
}

/** The classes whose texts are all written in this repository. A library's may quote what it choked on. */
const QUOTES_NOTHING = [
  'UnreadableMessage',
  'Unroutable',
  'DeliveryLimit',
  'Permanent',
  'Transient',
  'OutcomeUnknown',
  'RefundFailed',
];

/** An error's text if it is one of ours, which quote nothing; else null. */
export function ownWords(errorClass: string | null, message: string | null): string | null {
  return errorClass !== null && QUOTES_NOTHING.includes(errorClass) ? message : null;
}

function shownKey(key: Buffer): string {
  const text = key.toString('latin1');
  return isId(text) ? text : `sha256:${digestOf(key).slice(0, 16)}`;
}

/** What its contract describes and nothing else: the schema drops fields that it does not know. */
function readable(row: WholeRow): DeadLetter['message'] {
  const delivery: Delivery = {
    source: row.source,
    topic: row.topic,
    key: row.key,
    headers: headersOfRow(row),
    value: row.payload,
  };
  try {
    const { subject, time, version, correlationId, causationId, data } = readEnvelope(delivery);
    const shown = shownKey(Buffer.from(subject));
    return { subject: shown, time, version, correlationId, causationId, data: maskPersonal(data) };
  } catch {
    return undefined;
  }
}

function textOf(header: StoredHeader): string {
  return typeof header === 'string' ? header : Buffer.from(header.base64, 'base64').toString();
}

function utf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
