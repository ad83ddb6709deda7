import { type Cause, type Contracts, type Message, text, type Topology } from '@cartwheel/messages';
import { type DataSource, type Queryable, type Transaction, transaction } from '@cartwheel/postgres';
import { Permanent } from '@cartwheel/primitives';
import { context, propagation } from '@opentelemetry/api';
import { type OutboxRow, writeRows } from './outbox-row.ts';
import type { Wake } from './wake.ts';

/**
 * Prevents: a change without its message, and a message without its change (the dual write).
 * How: whoever changes state hands its messages to the transaction; one insert, the last statement before COMMIT, writes
 *   them beside the change. The relay publishes them later.
 * Promises: 1. change and messages are one transaction. 2. For one key, `seq` order is commit order, because the row lock
 *   of the aggregate was taken before: insert-first broke the order of 125 in 4 818 messages.
 *   3. A message that breaks its contract is never written.
 * Costs: one row written and deleted per message.
 * Not here: publishing (relay.ts); order between two keys.
 * Proof: unit-of-work.int.spec.ts, relay.fault.spec.ts
 */
export interface Tx extends Transaction {
  /** Why this is happening; every message names it. */
  readonly cause: Cause;
  /**
   * Collects messages for the outbox; they are written just before COMMIT and vanish with a rollback.
   * @throws Permanent when one breaks its contract or is too large: here, where it is known whose message it is
   */
  emit(...messages: Message[]): void;
}

/** Who sends: the service's name, the contracts its messages keep, and the names on its brokers. */
export type Origin = { readonly source: string; readonly contracts: Contracts; readonly topology: Topology };

export type Collected = { readonly message: Message; readonly cause: Cause; readonly payload: Buffer };

/** The CHECK of outbox.schema.ts: one row that no broker takes would stop the service. */
const MAX_PAYLOAD_BYTES = 900_000;
const Subject = text(200);

/** A transaction's inside for one cause, whose messages are added to `collected`. */
export function collect(tx: Transaction, { contracts }: Origin, cause: Cause, collected: Collected[]): Tx {
  return {
    query: (sql, parameters) => tx.query(sql, parameters),
    manager: tx.manager,
    cause,
    emit: (...messages) =>
      collected.push(
        ...messages.map((message) => ({ message, cause: inThisTrace(cause), payload: payloadOf(message, contracts) })),
      ),
  };
}

/** A message belongs to the span in which it was handed over. Where nobody traces, the cause's `traceparent` goes on. */
function inThisTrace(cause: Cause): Cause {
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return { ...cause, traceparent: carrier.traceparent ?? cause.traceparent };
}

/** The last statements before COMMIT: numbers the facts and writes the rows. */
export async function writeOutbox(tx: Queryable, origin: Origin, collected: readonly Collected[]): Promise<void> {
  const { source, topology } = origin;
  const { facts, tasks, headersOf } = origin.contracts;
  const next = await takeSequences(tx, origin, collected);
  const rows = collected.map(({ message, cause, payload }): OutboxRow => {
    const address =
      message.kind === 'fact'
        ? { channel: 'kafka' as const, destination: topology.topic(facts[message.type]!.topic), key: message.subject }
        : { channel: 'rabbitmq' as const, destination: topology.exchange, key: tasks[message.type]!.routingKey };
    return {
      ...address,
      id: message.id,
      key: Buffer.from(address.key),
      type: message.type,
      headers: headersOf(message, source, cause, next(message)),
      payload,
    };
  });
  await writeRows(tx, rows);
}

/** Takes the next numbers of every (topic, subject) in one statement, sorted, so that two transactions cannot deadlock. */
async function takeSequences(tx: Queryable, { contracts, topology }: Origin, collected: readonly Collected[]) {
  const counts = new Map<string, { topic: string; subject: string; n: number }>();
  const placeOf = (message: Message) => {
    if (message.kind !== 'fact') return undefined;
    const topic = topology.topic(contracts.facts[message.type]!.topic);
    return { topic, subject: message.subject, key: `${topic} ${message.subject}` };
  };
  for (const { message } of collected) {
    const place = placeOf(message);
    if (!place) continue;
    const count = counts.get(place.key);
    counts.set(place.key, { topic: place.topic, subject: place.subject, n: (count?.n ?? 0) + 1 });
  }
  if (counts.size === 0) return () => undefined;

  const wanted = [...counts.values()];
  const taken = await tx.query<{ topic: string; subject: string; last: string }>(
    `INSERT INTO message_sequences AS s (topic, subject, last)
     SELECT topic, subject, n FROM unnest($1::text[], $2::text[], $3::bigint[]) AS w(topic, subject, n) ORDER BY topic, subject
     ON CONFLICT (topic, subject) DO UPDATE SET last = s.last + excluded.last
     RETURNING topic, subject, last`,
    [wanted.map((w) => w.topic), wanted.map((w) => w.subject), wanted.map((w) => w.n)],
  );
  const used = new Map(
    taken.map((row) => {
      const key = `${row.topic} ${row.subject}`;
      return [key, Number(row.last) - counts.get(key)!.n];
    }),
  );
  return (message: Message) => {
    const place = placeOf(message);
    if (!place) return undefined;
    const sequence = used.get(place.key)! + 1;
    used.set(place.key, sequence);
    return sequence;
  };
}

/** @throws Permanent when the message breaks its contract, has none, or is too large */
function payloadOf(message: Message, { facts, tasks }: Contracts): Buffer {
  const contract = message.kind === 'fact' ? facts[message.type] : tasks[message.type];
  if (!contract) throw new Permanent(`${message.type} is a ${message.kind} that no contract knows`);
  const checked = contract.schema.safeParse(message.data);
  if (!checked.success) throw new Permanent(`${message.type} breaks its contract at ${pathsOf(checked.error)}`);
  if (!Subject.safeParse(message.subject).success) throw new Permanent(`${message.type} has no usable subject`);
  const payload = Buffer.from(JSON.stringify(checked.data));
  if (payload.length >= MAX_PAYLOAD_BYTES)
    throw new Permanent(`${message.type} is larger than ${MAX_PAYLOAD_BYTES} bytes`);
  return payload;
}

function pathsOf(error: { issues: { path: PropertyKey[] }[] }): string {
  return error.issues.map((issue) => issue.path.join('.') || '(root)').join(', ');
}

/** Transactions of a service that nobody's message started: HTTP requests, clocks, steps of a worker. */
export class UnitOfWork {
  readonly #dataSource: DataSource;
  readonly #origin: Origin;
  readonly #wake: Wake;

  constructor(dataSource: DataSource, origin: Origin, wake: Wake) {
    this.#dataSource = dataSource;
    this.#origin = origin;
    this.#wake = wake;
  }

  /** @throws DatabaseUnavailable, or whatever `work` threw; then nothing was changed and nothing will be sent. */
  async run<T>(cause: Cause, work: (tx: Tx) => Promise<T>): Promise<T> {
    const collected: Collected[] = [];
    const result = await transaction(this.#dataSource, async (tx) => {
      const value = await work(collect(tx, this.#origin, cause, collected));
      await writeOutbox(tx, this.#origin, collected);
      return value;
    });
    if (collected.length > 0) this.#wake.ring();
    return result;
  }
}
