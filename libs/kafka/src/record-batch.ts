import crc32c from 'crc-32/crc32c.js';
import { codecs } from './codecs.ts';
import type { FetchedRecord } from './fetched-record.ts';
import { Decoder, decodeRecord } from './kafkajs-internals.ts';

/**
 * Prevents: one batch that cannot be read, or that unpacks to more than the process may hold, ending the consumer and
 *   coming again at every start. kafkajs 2.2.4 throws the whole fetch away, stops for good, and looks at no checksum.
 * How: the bytes of a partition are read batch by batch. In the place of one that cannot be read stands a single record
 *   with `undecodable`, which says what and why; the strategy stops the partition there.
 * Promises: 1. whatever the bytes are, this returns. 2. Everything before the batch that cannot be read is returned.
 *   3. What one fetch unpacks weighs no more than twice MAX_WEIGHT, whatever it says of its own size.
 * Costs: a checksum over each batch, 1 ms per 1.5 MB.
 * Not here: who is told, and how a person steps over it (kafka.strategy.ts, libs/inbox).
 * Proof: record-batch.spec.ts, undecodable.int.spec.ts
 * https://kafka.apache.org/documentation/#recordbatch
 */

/** The smallest record takes seven bytes of a batch, and about this much of the heap. */
const BYTES_PER_RECORD = 160;
/** Of one batch, and of all batches of a fetch before the last. A topic of ours takes batches of 1 MB. */
export const MAX_WEIGHT = 24_000_000;

/** What may still be unpacked in this fetch. */
export type Budget = { left: number };

const LENGTH_AT = 8;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const COUNT_AT = 57;
const RECORDS_AT = 61;

/**
 * The records of one partition in a fetch. The last batch may be cut off, and it, or whatever `budget` has no room for, comes
 * with the next fetch. `endOffset`: where the log ends, so that nobody is sent beyond it.
 */
export async function decodeBatches(bytes: Buffer, endOffset: bigint, budget: Budget): Promise<FetchedRecord[]> {
  const records: FetchedRecord[] = [];
  for (let at = 0; at + LENGTH_AT + 4 <= bytes.length;) {
    const size = LENGTH_AT + 4 + bytes.readInt32BE(at + LENGTH_AT);
    const isWhole = size >= RECORDS_AT && at + size <= bytes.length;
    // The broker gives the first batch whole, and may cut off the last.
    if ((at > 0 && size > bytes.length - at) || budget.left <= 0) break;
    const batch = isWhole ? bytes.subarray(at, at + size) : bytes.subarray(at);
    try {
      if (!isWhole) throw new BatchError('the batch is malformed');
      records.push(...(await decodeBatch(batch, budget)));
    } catch (error) {
      if (!(error instanceof BatchError)) throw error;
      records.push(inPlaceOf(batch, endOffset, error.message));
      break;
    }
    at += size;
  }
  return records;
}

class BatchError extends Error {}

async function decodeBatch(batch: Buffer, budget: Budget): Promise<FetchedRecord[]> {
  const magic = batch.readInt8(MAGIC_AT);
  if (magic !== 2) throw new BatchError(`the record format ${magic} is not known here`);
  if (crc32c.buf(batch.subarray(ATTRIBUTES_AT)) !== batch.readInt32BE(CRC_AT)) throw new BatchError('wrong checksum');

  const attributes = batch.readInt16BE(ATTRIBUTES_AT);
  const count = batch.readInt32BE(COUNT_AT);
  const weightOf = (size: number) => size + Math.max(count, 0) * BYTES_PER_RECORD;
  if (weightOf(0) > MAX_WEIGHT) throw new BatchError(`more than ${MAX_WEIGHT / BYTES_PER_RECORD} records in one batch`);
  const packed = batch.subarray(RECORDS_AT);
  const records = await unpacked(packed, attributes & 0x07, MAX_WEIGHT - weightOf(0));
  budget.left -= weightOf(records.length);
  try {
    return readRecords(records, count, contextOf(batch, attributes));
  } catch {
    throw new BatchError('the records of the batch are malformed');
  }
}

async function unpacked(bytes: Buffer, codec: number, limit: number): Promise<Buffer> {
  if (codec === 0) return bytes;
  const known = codecs[codec];
  if (!known) throw new BatchError(`the compression codec ${codec} is not known here`);
  return known.decompress(bytes, limit).catch((error: Error & { code?: string }) => {
    const isTooLarge = error.code === 'ERR_BUFFER_TOO_LARGE' || /^more than|too big/.test(error.message);
    throw new BatchError(
      isTooLarge ? `more than ${MAX_WEIGHT / 1e6} MB once unpacked (${known.name})` : `${known.name} cannot unpack it`,
    );
  });
}

/** What kafkajs wants to know of the batch when it reads one of its records. */
function contextOf(batch: Buffer, attributes: number) {
  return {
    firstOffset: String(batch.readBigInt64BE(0)),
    lastOffsetDelta: batch.readInt32BE(LAST_OFFSET_DELTA_AT),
    firstTimestamp: String(batch.readBigInt64BE(27)),
    maxTimestamp: String(batch.readBigInt64BE(35)),
    producerId: String(batch.readBigInt64BE(43)),
    inTransaction: (attributes & 0x10) !== 0,
    isControlBatch: (attributes & 0x20) !== 0,
    timestampType: (attributes & 0x08) === 0 ? 0 : 1,
    magicByte: 2,
  };
}

function readRecords(bytes: Buffer, count: number, context: ReturnType<typeof contextOf>): FetchedRecord[] {
  const decoder = new Decoder(bytes);
  return Array.from({ length: Math.max(count, 0) }, () => {
    const record = decoder.readVarIntBytes();
    if (!record || record.length === 0) throw new RangeError('a record ends too early');
    return decodeRecord(new Decoder(record), context);
  });
}

/** Its offset is the last of the batch, so that it lies in what was asked for, wherever in the batch that begins. */
function inPlaceOf(batch: Buffer, endOffset: bigint, reason: string): FetchedRecord {
  const first = batch.readBigInt64BE(0);
  // The header itself may be what is broken: never backwards, and never beyond the end of the log.
  const delta = batch.length >= RECORDS_AT ? BigInt(Math.max(0, batch.readInt32BE(LAST_OFFSET_DELTA_AT))) : 0n;
  const named = first + delta;
  const last = named >= endOffset && endOffset > first ? endOffset - 1n : named;
  const [firstOffset, lastOffset] = [String(first), String(last)];
  return {
    key: null,
    value: Buffer.from(batch),
    timestamp: '-1',
    attributes: 0,
    offset: lastOffset,
    headers: {},
    isControlRecord: false,
    batchContext: {},
    undecodable: { firstOffset, lastOffset, reason },
  };
}
