import type { Contracts, Delivery } from '@cartwheel/messages';
import { isId } from '@cartwheel/primitives';
import { createHash } from 'node:crypto';

/**
 * Prevents: an operator who reads a customer's name in order to mend a queue.
 * How: what is shown is what we know to be harmless, not what is left when the known names are taken out. A type is shown
 *   when a contract knows it, a key when it is an id, an error's text when the sentence is ours, data when it reads against its
 *   contract, and then with its personal fields masked.
 * Promises: 1. lists and `showParked` hold nothing that a message brought along and no contract describes.
 *   2. Everything else is told by size and digest, so that two rows can be compared.
 * Costs: a key that is no id is a digest in every list; a library's error text takes a `reveal`.
 * Not here: which rows there are: find-parked.ts; the whole of a message (`reveal`, which leaves a trace) and changes: operate.ts.
 * Proof: dead-letter.int.spec.ts
 */
export type ParkedMessage = {
  readonly position: number;
  readonly state: 'parked' | 'dead';
  readonly source: 'kafka' | 'rabbitmq';
  readonly consumer: string;
  /** The topic, the queue, or for a task that the relay could not send the exchange. */
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

/** A header that came over a broker stands there as `{ base64 }`; those of our own outbox are plain text. */
type StoredHeader = string | { readonly base64: string };

export type SummaryRow = Omit<ParkedMessage, 'type' | 'key'> & {
  readonly key: Buffer;
  readonly type: StoredHeader | null;
};
export type WholeRow = SummaryRow & {
  readonly headers: Readonly<Record<string, StoredHeader>>;
  readonly payload: Buffer | null;
};

/** What a list has of a message. */
export function summarize(row: SummaryRow, contracts: Contracts): ParkedMessage {
  const { position, state, source, consumer, topic, partition, offset, eventId, attempts, errorClass } = row;
  const { firstFailedAt, lastFailedAt, nextAttemptAt } = row;
  return {
    ...{ position, state, source, consumer, topic, partition, offset, eventId, attempts },
    ...{ firstFailedAt, lastFailedAt, nextAttemptAt, errorClass },
    type: knownType(row, contracts),
    key: shownKey(row.key),
    errorMessage: ownWords(errorClass, row.errorMessage),
  };
}

/** All that may be shown of a message. */
export function shown(row: WholeRow, standing: Standing, contracts: Contracts): DeadLetter {
  const message = readable(row, contracts);
  return {
    ...summarize(row, contracts),
    ...standing,
    payload: row.payload && { bytes: row.payload.length, sha256: digestOf(row.payload) },
    ...(message ? { message } : {}),
  };
}

/** Null when no contract knows the type: a stranger's may be anything. */
export function knownType(row: Pick<SummaryRow, 'type'>, { facts, tasks }: Contracts): string | null {
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

/** The classes whose texts are all written in this repository. A library's may quote what it choked on. */
const QUOTES_NOTHING = [
  'UnreadableMessage',
  'Refused',
  // What the relay called a task without a queue before.
  'Unroutable',
  'DeliveryLimit',
  'UndecodableBatch',
  'GoneBeforeRead',
  'ProcessDied',
  'DeadlineExceeded',
  'HandledElsewhere',
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
function readable(row: WholeRow, { readEnvelope, maskPersonal }: Contracts): DeadLetter['message'] {
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
