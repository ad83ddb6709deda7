import type { Delivery } from '@cartwheel/messages';
import { type DataSource, type Queryable, transaction } from '@cartwheel/postgres';
import { deriveId, Permanent } from '@cartwheel/primitives';
import { createHash } from 'node:crypto';
import { blameDatabase, claim } from './claim.ts';
import type { Parking } from './set-aside.ts';

/**
 * Prevents: records that a consumer never gets, and nobody hears of it: a batch that cannot be read, and offsets that were
 *   deleted before they were read.
 * How: each is a dead letter without a key, so that it holds up nothing by itself. The alarm for dead letters tells, and
 *   `discard`, with its reason and its line in `parked_message_actions`, is how a person steps over the batch, or says that
 *   the loss is known.
 * Promises: 1. on record once, however often it is met. 2. A batch is stepped over when its row was discarded, and not before.
 * Not here: finding them (libs/kafka). A copy in the dead-letter topic: there is no record to copy.
 * Proof: lost-records.int.spec.ts
 */
export type LostRecords = {
  readonly topic: string;
  readonly partition: number;
};

type Options = { readonly dataSource: DataSource; readonly consumer: string; readonly parking: Pick<Parking, 'keep'> };

/** What stands in a dead letter's `error_class`. */
export class UndecodableBatch extends Permanent {
  override readonly name = 'UndecodableBatch';
}
export class GoneBeforeRead extends Permanent {
  override readonly name = 'GoneBeforeRead';
}

/**
 * Keeps a batch of Kafka's that cannot be read. @returns whether a person has stepped over it
 * @throws DatabaseUnavailable
 */
export function stepOver(
  { dataSource, consumer, parking }: Options,
  batch: LostRecords & { firstOffset: string; lastOffset: string; reason: string; bytes: Buffer },
): Promise<boolean> {
  const { topic, partition, firstOffset, lastOffset, reason, bytes } = batch;
  // By its bytes: another batch at the same place, of a topic that was made anew, is another matter.
  const digest = createHash('sha256').update(bytes).digest('hex');
  const id = deriveId('undecodable', topic, partition, firstOffset, digest);
  const error = new UndecodableBatch(
    `offsets ${firstOffset} to ${lastOffset} cannot be read: ${reason}. The partition waits until this is discarded.`,
  );
  return inTransaction(dataSource, async (tx) => {
    const isNew = (await claim(tx, consumer, [id])).size > 0;
    if (isNew) await keep(tx, { consumer, parking, id, error, at: { topic, partition }, offset: firstOffset, bytes });
    const rows = await tx.query('SELECT 1 FROM parked_messages WHERE consumer = $1 AND topic = $2 AND event_id = $3', [
      consumer,
      topic,
      id,
    ]);
    return rows.length === 0;
  });
}

/** Keeps on record that offsets from `from` up to and without `to` were deleted unread. @throws DatabaseUnavailable */
export function noteGone(
  { dataSource, consumer, parking }: Options,
  { topic, partition, from, to }: LostRecords & { from: string; to: string },
): Promise<void> {
  const id = deriveId('gone', topic, partition, from, to);
  const error = new GoneBeforeRead(
    `offsets ${from} to ${BigInt(to) - 1n} were deleted before they were read. Discard this when it is known why.`,
  );
  return inTransaction(dataSource, async (tx) => {
    if ((await claim(tx, consumer, [id])).size === 0) return;
    await keep(tx, { consumer, parking, id, error, at: { topic, partition }, offset: from, bytes: null });
  });
}

async function keep(
  tx: Queryable,
  lost: {
    consumer: string;
    parking: Options['parking'];
    id: string;
    error: Error;
    at: LostRecords;
    offset: string;
    bytes: Buffer | null;
  },
): Promise<void> {
  const { consumer, parking, id, error, at, offset, bytes } = lost;
  const delivery: Delivery = { source: 'kafka', ...at, offset, key: null, headers: {}, value: bytes };
  const failure = { error, attempts: 1, firstFailedAt: new Date() };
  await parking.keep(tx, consumer, [{ id, delivery, state: 'dead', failure }]);
}

function inTransaction<T>(dataSource: DataSource, work: (tx: Queryable) => Promise<T>): Promise<T> {
  return blameDatabase(transaction(dataSource, work));
}
