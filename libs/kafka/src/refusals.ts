import type { PartitionAnswer } from './produce-answers.ts';
import { errorOfCode, type KafkaError } from './kafkajs-internals.ts';

/** The smallest thing that Kafka will not take: everything for a topic, or one row. */
type Refusal = { readonly of: 'topic' | 'row'; readonly reason: string };

/** https://kafka.apache.org/protocol#protocol_error_codes. Every other error may pass. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  UNKNOWN_TOPIC_OR_PARTITION: { of: 'topic', reason: 'the topic does not exist' },
  INVALID_TOPIC_EXCEPTION: { of: 'topic', reason: 'the topic cannot be written to' },
  TOPIC_AUTHORIZATION_FAILED: { of: 'topic', reason: 'not authorized to write to the topic' },
  MESSAGE_TOO_LARGE: { of: 'row', reason: 'larger than the topic takes (max.message.bytes)' },
  RECORD_LIST_TOO_LARGE: { of: 'row', reason: 'larger than a segment of the topic' },
  INVALID_TIMESTAMP: { of: 'row', reason: 'its time is not one that the topic takes' },
  UNSUPPORTED_FOR_MESSAGE_FORMAT: { of: 'row', reason: 'the topic’s message format is too old for it' },
  POLICY_VIOLATION: { of: 'row', reason: 'it breaks a policy of the brokers' },
  INVALID_RECORD: { of: 'row', reason: 'the brokers say that it is invalid' },
};

export type Row = { readonly seq: string; readonly destination: string };

/** What one send has made of its rows. Those that are named nowhere were not stored as far as we know. */
export type Outcome<R extends Row> = {
  readonly confirmed: string[];
  readonly refused: { readonly seq: string; readonly reason: string }[];
  readonly resting: { readonly destination: string; readonly reason: string }[];
  /** Rows of which one is refused, and nothing was stored: each of these, sent alone, shows which. */
  readonly apart: (readonly R[])[];
  /** Why rows are named nowhere. */
  readonly failure?: Error | undefined;
};

/** Reads the answers to a send, and the error with which it ended if it did. */
export function outcomeOf<R extends Row>(
  rows: readonly R[],
  placeOf: (row: R) => number | undefined,
  answers: readonly PartitionAnswer[],
  error?: Error,
): Outcome<R> {
  const topics = [...Map.groupBy(rows, ({ destination }) => destination).values()];
  // To ask for the topics failed already, and nothing was sent.
  const unsent = answers.length === 0 ? refusalOf(error) : undefined;
  const codes = new Map(answers.map(({ topic, partition, errorCode }) => [`${topic} ${partition}`, errorCode]));
  const placeNameOf = (row: R) => `${row.destination} ${placeOf(row)}`;
  const confirmed = rows.filter((row) => codes.get(placeNameOf(row)) === 0).map(({ seq }) => seq);
  const outcome: Outcome<R> = { confirmed, refused: [], resting: [], apart: [] };
  if (unsent?.of === 'topic' && topics.length > 1) return { ...outcome, apart: topics };

  let isUnknown = false;
  for (const [place, together] of Map.groupBy(rows, placeNameOf)) {
    const code = codes.get(place);
    if (code === 0) continue;
    const refusal = unsent ?? (code === undefined ? undefined : refusalOf(errorOfCode(code)));
    const [{ destination, seq }] = together as [R];
    if (refusal?.of === 'topic') rest(outcome, destination, refusal.reason);
    else if (refusal && together.length === 1) outcome.refused.push({ seq, reason: refusal.reason });
    else if (refusal) outcome.apart.push(...together.map((row) => [row]));
    else isUnknown = true;
  }
  return isUnknown ? { ...outcome, failure: error ?? new Error('Kafka did not answer for every partition') } : outcome;
}

function rest({ resting }: Outcome<Row>, destination: string, reason: string): void {
  if (!resting.some((one) => one.destination === destination)) resting.push({ destination, reason });
}

/** kafkajs wraps the error that tells. */
function refusalOf(error: unknown): Refusal | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const refusal = REFUSALS[(at as KafkaError).type];
    if (refusal) return refusal;
  }
  return undefined;
}
