import snappy from 'snappyjs';
import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';
import { readLz4 } from './lz4.ts';

/** Unpacks the records of one batch. @throws when they are malformed, or are more than `limit` bytes */
type Decompress = (compressed: Buffer, limit: number) => Promise<Buffer>;

const inflate = promisify(gunzip);
const zstd = promisify(zstdDecompress);

/** By the number that stands in a batch's attributes (https://kafka.apache.org/documentation/#recordbatch). */
export const codecs: Readonly<Record<number, { readonly name: string; readonly decompress: Decompress }>> = {
  1: { name: 'gzip', decompress: (bytes, limit) => inflate(bytes, { maxOutputLength: limit }) },
  2: { name: 'snappy', decompress: (bytes, limit) => Promise.resolve().then(() => readSnappy(bytes, limit)) },
  3: { name: 'lz4', decompress: (bytes, limit) => Promise.resolve().then(() => readLz4(bytes, limit)) },
  4: { name: 'zstd', decompress: (bytes, limit) => zstd(bytes, { maxOutputLength: limit }) },
};

/** What Java's snappy stream begins with: this, two version numbers, then blocks with their lengths. */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const XERIAL_HEADER_BYTES = 16;

function readSnappy(bytes: Buffer, limit: number): Buffer {
  if (!bytes.subarray(0, XERIAL.length).equals(XERIAL)) return snappy.uncompress(bytes, limit);
  const blocks: Buffer[] = [];
  let left = limit;
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length;) {
    const size = bytes.readInt32BE(at);
    const block = bytes.subarray(at + 4, at + 4 + size);
    if (size <= 0 || block.length < size) throw new RangeError('a snappy block ends too early');
    const unpacked = snappy.uncompress(block, left);
    blocks.push(unpacked);
    left -= unpacked.length;
    at += 4 + size;
  }
  return Buffer.concat(blocks);
}
