import { describe, expect, test } from '@jest/globals';
import crc32c from 'crc-32/crc32c.js';
import fc from 'fast-check';
import snappy from 'snappyjs';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { readLz4 } from './lz4.ts';
import type { FetchedRecord } from './fetched-record.ts';
import { decodeBatches, MAX_WEIGHT } from './record-batch.ts';

const varint = (value: number) => {
  const bytes: number[] = [];
  let rest = (value << 1) ^ (value >> 31);
  for (; (rest & ~0x7f) !== 0; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
};
const sized = (bytes: Buffer) => Buffer.concat([varint(bytes.length), bytes]);
const record = (delta: number, value: string) =>
  sized(
    Buffer.concat([
      Buffer.from([0]),
      varint(0),
      varint(delta),
      sized(Buffer.from('key')),
      sized(Buffer.from(value)),
      varint(0),
    ]),
  );

type Change = { codec?: number; records?: Buffer; count?: number; magic?: number; crc?: number; lastDelta?: number };

/** A batch as the documentation of Kafka draws it. */
function batch(first: number, values: readonly string[], change: Change = {}): Buffer {
  const records = change.records ?? Buffer.concat(values.map((value, delta) => record(delta, value)));
  const bytes = Buffer.alloc(61 + records.length);
  bytes.writeBigInt64BE(BigInt(first), 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt8(change.magic ?? 2, 16);
  bytes.writeInt16BE(change.codec ?? 0, 21);
  bytes.writeInt32BE(change.lastDelta ?? values.length - 1, 23);
  bytes.writeInt32BE(change.count ?? values.length, 57);
  records.copy(bytes, 61);
  bytes.writeInt32BE(change.crc ?? crc32c.buf(bytes.subarray(21)), 17);
  return bytes;
}

const END = 1_000n;
const decode = (bytes: Buffer, left = MAX_WEIGHT) => decodeBatches(bytes, END, { left });
const valuesOf = (records: readonly FetchedRecord[]) =>
  records.map(({ offset, value, undecodable }) => [offset, undecodable?.reason ?? String(value)]);
const plain = (values: readonly string[]) => Buffer.concat(values.map((value, delta) => record(delta, value)));

describe('batches', () => {
  test('are read in their order, up to one that is cut off', async () => {
    const bytes = Buffer.concat([batch(5, ['a', 'b']), batch(7, ['c']), batch(8, ['cut off'])]);
    expect(valuesOf(await decode(bytes.subarray(0, -3)))).toEqual([
      ['5', 'a'],
      ['6', 'b'],
      ['7', 'c'],
    ]);
  });

  test.each([
    ['gzip', 1, gzipSync(plain(['a', 'b']))],
    ['snappy', 2, Buffer.from(snappy.compress(plain(['a', 'b'])))],
    ['zstd', 4, zstdCompressSync(plain(['a', 'b']))],
  ])('of %s are read', async (_, codec, records) => {
    expect(valuesOf(await decode(batch(3, ['a', 'b'], { codec, records })))).toEqual([
      ['3', 'a'],
      ['4', 'b'],
    ]);
  });

  test.each<[string, Change, string]>([
    ['of a codec of the future', { codec: 5 }, 'the compression codec 5 is not known here'],
    ['with a wrong checksum', { crc: 1 }, 'wrong checksum'],
    ['of an older format', { magic: 1 }, 'the record format 1 is not known here'],
    ['that is no gzip', { codec: 1 }, 'gzip cannot unpack it'],
    ['that is no snappy', { codec: 2, records: Buffer.alloc(9, 0xff) }, 'snappy cannot unpack it'],
    ['that is no lz4', { codec: 3 }, 'lz4 cannot unpack it'],
    ['that is no zstd', { codec: 4 }, 'zstd cannot unpack it'],
    ['that says it holds more than it does', { count: 9 }, 'the records of the batch are malformed'],
    ['that says it holds two thousand million', { count: 2 ** 31 - 1 }, 'more than 150000 records in one batch'],
  ])(
    '%s: a record in its place says why, what is before it is read, and what is behind it waits',
    async (_, change, reason) => {
      const bytes = Buffer.concat([batch(5, ['before']), batch(6, ['x', 'y'], change), batch(8, ['behind'])]);
      const records = await decode(bytes);
      expect(valuesOf(records)).toEqual([
        ['5', 'before'],
        ['7', reason],
      ]);
      expect(records[1]!.undecodable).toEqual({ firstOffset: '6', lastOffset: '7', reason });
    },
  );

  test('that unpack to more than there is room for are named, by whichever codec', async () => {
    const much = Buffer.alloc(MAX_WEIGHT);
    const packed = { 1: gzipSync(much), 2: Buffer.from(snappy.compress(much)), 4: zstdCompressSync(much) };
    const reasons = Object.entries(packed).map(async ([codec, records]) => {
      const [inPlace] = await decode(batch(6, ['x'], { codec: Number(codec), records }));
      return inPlace?.undecodable?.reason;
    });
    expect(await Promise.all(reasons)).toEqual(
      ['gzip', 'snappy', 'zstd'].map((name) => `more than 24 MB once unpacked (${name})`),
    );
  });

  test('whose header lies about its end lead nobody beyond the end of the log', async () => {
    const [bad] = await decode(batch(6, ['x'], { crc: 1, lastDelta: 2 ** 31 - 1 }));
    expect(bad!.undecodable).toMatchObject({ firstOffset: '6', lastOffset: '999' });
  });

  test('that unpack to much are given a few at a time', async () => {
    const values = ['x'.repeat(9_000_000)];
    const records = zstdCompressSync(plain(values));
    const bytes = Buffer.concat([0, 1, 2, 3].map((first) => batch(first, values, { codec: 4, records })));
    expect((await decode(bytes)).map(({ offset }) => offset)).toEqual(['0', '1', '2']);
    expect(await decode(bytes, 0)).toEqual([]);
  });

  test('of any bytes are read or named, and never fail', async () => {
    const good = Buffer.concat([batch(0, ['a', 'b']), batch(2, ['c'], { codec: 1, records: gzipSync(plain(['c'])) })]);
    const spoilt = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(spoilt, fc.boolean(), async (changes, mendCrc) => {
        const bytes = Buffer.from(good);
        for (const [at, value] of changes) bytes[at] = value;
        if (mendCrc) bytes.writeInt32BE(crc32c.buf(bytes.subarray(21, 12 + good.readInt32BE(8))), 17);
        for (const { undecodable } of await decode(bytes)) {
          if (undecodable)
            expect(BigInt(undecodable.lastOffset)).toBeGreaterThanOrEqual(BigInt(undecodable.firstOffset));
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('LZ4', () => {
  /** Literals alone. */
  const frame = (...blocks: Buffer[]) =>
    Buffer.concat([
      Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0]),
      ...blocks.flatMap((block) => {
        const size = Buffer.alloc(4);
        size.writeUInt32LE(block.length);
        return [size, block];
      }),
      Buffer.alloc(4),
    ]);

  test('repeats what it has written, also what it is just writing', () => {
    // "ab", then seven bytes from two bytes back, then "!" to end with.
    const block = Buffer.from([0x23, 0x61, 0x62, 2, 0, 0x10, 0x21]);
    expect(String(readLz4(frame(block), 100))).toBe('ababababa!');
  });

  test('of 255 times its size ends at the limit', () => {
    const block = Buffer.concat([
      Buffer.from([0x1f, 0x61, 1, 0]),
      Buffer.alloc(4_000, 0xff),
      Buffer.from([0, 0x10, 0x21]),
    ]);
    expect(() => readLz4(frame(block), 1_000_000)).toThrow('more than 1000000 bytes');
  });

  test('of any bytes is read or refused, and never writes beyond the limit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (block) => {
        try {
          expect(readLz4(frame(Buffer.from(block)), 500).length).toBeLessThanOrEqual(500);
        } catch (error) {
          expect((error as Error).name).toBe('RangeError');
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
