import { Permanent } from '@cartwheel/primitives';
import { z } from 'zod';
import type { Delivery, HeaderValue } from './delivery.ts';
import type { Contract, Message } from './message.ts';
import { text } from './text.ts';

/**
 * What every message carries around its data: CloudEvents 1.0 in binary mode. The value is the JSON of `data`, the
 * attributes are headers `ce_*` (https://github.com/cloudevents/spec, Kafka protocol binding). AMQP 0-9-1 has no standard
 * binding, so ours uses the same names there.
 */
export type Envelope<T = unknown> = {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly time: string;
  readonly version: number;
  /** Facts only: the n-th of this topic and subject. For checkers; consumers never rely on it. */
  readonly sequence?: number | undefined;
  readonly correlationId: string;
  readonly causationId: string;
  readonly userId?: string | undefined;
  readonly traceparent?: string | undefined;
  readonly data: T;
};

/** Where a message comes from: its checkout, and the fact (or `http:<uuid>` request) that caused it. */
export type Cause = Pick<Envelope, 'correlationId' | 'causationId' | 'userId' | 'traceparent'>;

/** The cause that whatever a fact's handler emits will name. */
export function causedBy(fact: Envelope): Cause {
  return {
    correlationId: fact.correlationId,
    causationId: fact.id,
    userId: fact.userId,
    traceparent: fact.traceparent,
  };
}

/** The headers of a message that is about to be sent, in this version of its contract. */
export function headersOf(
  message: Message & Pick<Contract, 'version'>,
  source: string,
  cause: Cause,
  sequence?: number,
): Record<string, string> {
  return {
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_id: message.id,
    ce_type: message.type,
    ce_source: source,
    ce_subject: message.subject,
    ce_time: message.time,
    ce_dataversion: String(message.version),
    ...(sequence === undefined ? {} : { ce_sequence: String(sequence) }),
    ce_correlationid: cause.correlationId,
    ce_causationid: cause.causationId,
    ...(cause.userId === undefined ? {} : { ce_userid: cause.userId }),
    ...(cause.traceparent === undefined ? {} : { traceparent: cause.traceparent }),
  };
}

export type Unreadable = 'undecodable' | 'unknown-version' | 'contract-violation';

/** A message that a handler exists for and that cannot be read. `id` is the message's own where it could be believed. */
export class UnreadableMessage extends Permanent {
  override readonly name = 'UnreadableMessage';
  readonly reason: Unreadable;
  readonly id: string | undefined;

  constructor(reason: Unreadable, message: string, id?: string) {
    super(message);
    this.reason = reason;
    this.id = id;
  }
}

/** https://www.w3.org/TR/trace-context/ */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

const Attributes = z.object({
  ce_specversion: z.literal('1.0'),
  ce_id: z.uuid(),
  ce_type: text(100),
  ce_source: text(100),
  ce_subject: text(200),
  ce_time: z.iso.datetime(),
  ce_dataversion: z.coerce.number().int().positive(),
  ce_sequence: z.coerce.number().int().positive().optional(),
  ce_correlationid: z.uuid(),
  ce_causationid: z.string().regex(/^(http:)?[0-9a-f-]{36}$/),
  ce_userid: text(200).optional(),
  /** Of no use to anybody who only wants the message: what is none is dropped, not a reason to refuse it. */
  traceparent: z.string().regex(TRACEPARENT).optional().catch(undefined),
});

const Origin = z.object({
  ce_correlationid: z.uuid().optional().catch(undefined),
  traceparent: Attributes.shape.traceparent,
});

/** The checkout and the trace that a delivery claims to be part of, whether or not the rest of it can be read. */
export function originOf({ headers }: Delivery): Pick<Cause, 'traceparent'> & { correlationId: string | undefined } {
  const named = {
    ce_correlationid: decoded(headers['ce_correlationid']),
    traceparent: decoded(headers['traceparent']),
  };
  const { ce_correlationid: correlationId, traceparent } = Origin.parse(named);
  return { correlationId, traceparent };
}

/** The type a delivery claims to be of, or undefined when it does not say. */
export function typeOf(delivery: Delivery): string | undefined {
  return decoded(delivery.headers['ce_type']);
}

/** The version of its type a delivery claims to have, or undefined when it says none. */
export function versionOf(delivery: Delivery): number | undefined {
  const version = Number(decoded(delivery.headers['ce_dataversion']));
  return Number.isInteger(version) ? version : undefined;
}

/**
 * Reads a delivery against its contract.
 * @param contractOf the contract of a type; undefined where none is known
 * @throws UnreadableMessage — its text is one of our own fixed sentences: a parser's message would quote the input,
 *   which may be personal.
 */
export function readEnvelope(delivery: Delivery, contractOf: (type: string) => Contract | undefined): Envelope {
  const attributes = Attributes.safeParse(
    Object.fromEntries(Object.entries(delivery.headers).map(([name, value]) => [name, decoded(value)])),
  );
  if (!attributes.success) {
    const names = [...new Set(attributes.error.issues.map((issue) => issue.path.join('.')))].join(', ');
    throw new UnreadableMessage('undecodable', `headers missing or malformed: ${names}`);
  }
  const a = attributes.data;
  const contract = contractOf(a.ce_type);
  if (contract === undefined) throw new UnreadableMessage('undecodable', 'no contract for this type', a.ce_id);
  if (contract.version !== a.ce_dataversion) {
    throw new UnreadableMessage(
      'unknown-version',
      `version ${a.ce_dataversion} of ${a.ce_type} is not known here`,
      a.ce_id,
    );
  }
  const data = contract.schema.safeParse(parseJson(delivery.value));
  if (!data.success) {
    const paths = [...new Set(data.error.issues.map((issue) => issue.path.join('.') || '(root)'))]
      .slice(0, 10)
      .join(', ');
    throw new UnreadableMessage('contract-violation', `data breaks the contract of ${a.ce_type} at: ${paths}`, a.ce_id);
  }
  return {
    id: a.ce_id.toLowerCase(),
    type: a.ce_type,
    source: a.ce_source,
    subject: a.ce_subject,
    time: a.ce_time,
    version: a.ce_dataversion,
    sequence: a.ce_sequence,
    correlationId: a.ce_correlationid,
    causationId: a.ce_causationid,
    userId: a.ce_userid,
    traceparent: a.traceparent,
    data: data.data,
  };
}

function parseJson(value: Buffer | null): unknown {
  if (value === null) throw new UnreadableMessage('undecodable', 'the message has no value');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(value));
  } catch {
    throw new UnreadableMessage('undecodable', 'the value is not JSON in UTF-8');
  }
}

function decoded(value: HeaderValue): string | undefined {
  if (value === undefined || value === null) return undefined;
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value);
}
