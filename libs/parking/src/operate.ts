import type { Contracts, Topology } from '@cartwheel/messages';
import { type OutboxRow, writeRows } from '@cartwheel/outbox';
import type { Queryable } from '@cartwheel/postgres';
import { DomainError } from '@cartwheel/primitives';
import { headersOfRow, knownType, type Revealed, revealed, type Standing, type WholeRow } from './dead-letter.ts';
import { readRow, standingOf } from './find-parked.ts';
import { letGo } from './refused.ts';

export { type Standing } from './dead-letter.ts';

/**
 * Prevents: a message that is given up for good because nobody can get at it, or that is brought back twice, to everybody,
 *   or out of its order.
 * How: the row is locked and must be dead. A *fact* becomes parked again where it stands: nothing is published, so it
 *   reaches this one consumer, after what is before it and before what is behind it, and its id stays taken. A *task* goes
 *   back to its queue through the outbox: dead row and id are deleted and the outbox row written together. A fact that the
 *   *relay* could not publish returns to its place in the outbox, with those that wait behind it.
 * Promises: 1. of two operators one acts, the other is told so. 2. Each action and its line in `parked_message_actions`
 *   are one transaction. 3. A task is the same task: same id, same headers, failures counted from nothing.
 * Costs: a row per action, for ever.
 * Not here: attempts at a parked message (the retrier); which messages to act on (tools/dead-letters).
 * Proof: operate.int.spec.ts
 */
export type By = { readonly operator: string; readonly reason?: string | undefined };

type Destination = { readonly contracts: Contracts; readonly topology: Pick<Topology, 'exchange' | 'queue'> };

/**
 * Tries a dead message again. `to` is where a task goes back to.
 * @returns where it stands: behind another dead message of its key it waits for that one
 * @throws DomainError dead-letter-not-found, dead-letter-not-dead, dead-letter-not-replayable
 */
export async function replay(tx: Queryable, position: number, by: By, to: Destination): Promise<Standing> {
  const row = await takeDead(tx, position);
  if (NO_MESSAGE.includes(row.errorClass ?? '')) {
    throw new DomainError('dead-letter-not-replayable', 'It stands for records that cannot be had: discard it.', 409);
  }
  const standing = await standingOf(tx, row);
  if (row.source === 'kafka' && row.consumer === 'relay') {
    await letGo(tx, row, { itself: true });
  } else if (row.source === 'kafka') {
    await tx.query(
      `UPDATE parked_messages SET state = 'parked', attempts = 0, next_attempt_at = now() WHERE position = $1`,
      [position],
    );
  } else {
    await tx.query('DELETE FROM parked_messages WHERE position = $1', [position]);
    await tx.query('DELETE FROM processed_events WHERE consumer = $1 AND event_id = $2', [row.consumer, row.eventId]);
    await writeRows(tx, [taskAgain(row, to)]);
  }
  await record(tx, 'replay', row, by, to.contracts);
  return standing;
}

/**
 * Gives a dead message up for good. Its id stays taken: it is not applied if it comes again. One of the relay's is never
 * published.
 * @returns where it stood: without another dead message before it, those behind it go on
 * @throws DomainError dead-letter-reason-missing, dead-letter-not-found, dead-letter-not-dead
 */
export async function discard(tx: Queryable, position: number, by: By, contracts: Contracts): Promise<Standing> {
  if (!by.reason?.trim()) throw new DomainError('dead-letter-reason-missing', 'A discard needs a reason.', 400);
  const row = await takeDead(tx, position);
  const standing = await standingOf(tx, row);
  if (row.source === 'kafka' && row.consumer === 'relay') await letGo(tx, row, { itself: false });
  else await tx.query('DELETE FROM parked_messages WHERE position = $1', [position]);
  await record(tx, 'discard', row, by, contracts);
  return standing;
}

/** The whole message, personal or not. Who looked is on record. @throws DomainError dead-letter-not-found */
export async function reveal(tx: Queryable, position: number, by: By, contracts: Contracts): Promise<Revealed> {
  const row = await readRow(tx, position);
  await record(tx, 'reveal', row, by, contracts);
  return revealed(row);
}

/** Dead letters that are no message, but tell of records that the consumer never got (libs/inbox/src/lost-records.ts). */
const NO_MESSAGE = ['UndecodableBatch', 'GoneBeforeRead'];

/** The dead row, locked: a second operator waits here, and then finds that it is not dead any more. */
async function takeDead(tx: Queryable, position: number): Promise<WholeRow> {
  const row = await readRow(tx, position, 'FOR UPDATE').catch(async (error: unknown) => {
    throw (await wasActedOn(tx, position)) ? notDead() : error;
  });
  if (row.state !== 'dead') throw notDead();
  return row;
}

async function wasActedOn(tx: Queryable, position: number): Promise<boolean> {
  const actions = await tx.query(
    `SELECT 1 FROM parked_message_actions WHERE position = $1 AND action <> 'reveal' LIMIT 1`,
    [position],
  );
  return actions.length > 0;
}

function notDead(): DomainError {
  return new DomainError('dead-letter-not-dead', 'It waits for its next attempt, or was replayed or discarded.', 409);
}

async function record(
  tx: Queryable,
  action: string,
  row: WholeRow,
  { operator, reason }: By,
  contracts: Contracts,
): Promise<void> {
  const type = knownType(row, contracts);
  await tx.query(
    `INSERT INTO parked_message_actions (operator, action, reason, position, source, consumer, topic, event_id, type)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [operator, action, reason ?? null, row.position, row.source, row.consumer, row.topic, row.eventId, type],
  );
}

/** The outbox refuses a larger payload; AMQP's properties and amqplib's buffer have limits, on which a relay would stop. */
const MAX_PAYLOAD_BYTES = 900_000;
const MAX_HEADER_BYTES = 32_000;
const MAX_PROPERTY_BYTES = 255;

/**
 * The outbox row that sends a task once more. One that died at its queue goes back to that queue, by the default exchange,
 * to which every queue is bound under its own name: also when its type is none that we know. The queue is the consumer's:
 * the row's `topic` may be a `.dead` queue, where nobody works. One that no queue was bound
 * for goes the way that its type has now.
 */
function taskAgain(row: WholeRow, { contracts, topology }: Destination): OutboxRow {
  const type = knownType(row, contracts);
  const routingKey = type === null ? undefined : contracts.tasks[type]?.routingKey;
  if (row.consumer === 'relay' && routingKey === undefined) {
    throw new DomainError('dead-letter-not-replayable', 'No queue takes tasks of this type: discard it.', 409);
  }
  const headers = Object.fromEntries(
    Object.entries(headersOfRow(row))
      // What the broker (`x-`) and the retry ladder have counted belongs to the life that ended.
      .filter(([name]) => !name.startsWith('x-') && !name.startsWith('cartwheel_'))
      .map(([name, value]) => [name, value.replaceAll('\0', '')]),
  );
  const tooLarge =
    (row.payload?.length ?? 0) >= MAX_PAYLOAD_BYTES ||
    Buffer.byteLength(JSON.stringify(headers)) > MAX_HEADER_BYTES ||
    Buffer.byteLength(headers['ce_correlationid'] ?? '') > MAX_PROPERTY_BYTES;
  if (tooLarge) {
    throw new DomainError('dead-letter-not-replayable', 'It is too large to be sent again: discard it.', 409);
  }
  const [destination, key] =
    row.consumer === 'relay' ? [topology.exchange, routingKey!] : ['', topology.queue(row.consumer)];
  return {
    channel: 'rabbitmq',
    id: row.eventId,
    destination,
    key: Buffer.from(key),
    type: type ?? 'unknown',
    headers,
    payload: row.payload,
  };
}
