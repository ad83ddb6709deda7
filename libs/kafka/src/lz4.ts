/**
 * Reads LZ4 frames (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md, lz4_Block_format.md), as Kafka's clients
 * write them. Our own, because the packages on npm either need a compiler or do not check where they read and write.
 */
const MAGIC = 0x184d2204;
const UNCOMPRESSED = 0x80000000;
const MIN_MATCH = 4;

/** @throws RangeError when the frame is malformed, or unpacks to more than `limit` bytes */
export function readLz4(frame: Buffer, limit: number): Buffer {
  if (frame.readUInt32LE(0) !== MAGIC) throw new RangeError('not an LZ4 frame');
  const flags = frame.readUInt8(4);
  const has = (bit: number) => (flags & (1 << bit)) !== 0;
  // Magic, flags and block size, then the content's size and a dictionary's id where there are some, then a checksum.
  let at = 6 + (has(3) ? 8 : 0) + (has(0) ? 4 : 0) + 1;
  const out = new Output(limit);
  for (;;) {
    const header = frame.readUInt32LE(at);
    at += 4;
    if (header === 0) return out.bytes();
    const size = header & ~UNCOMPRESSED;
    if (at + size > frame.length) throw new RangeError('an LZ4 block ends too early');
    const block = frame.subarray(at, at + size);
    if ((header & UNCOMPRESSED) !== 0) out.append(block);
    else readBlock(block, out);
    at += size + (has(4) ? 4 : 0);
  }
}

/** Literals, then a copy of what was written before, and again; the last ones are literals alone. */
function readBlock(block: Buffer, out: Output): void {
  let at = 0;
  const length = (nibble: number) => {
    let total = nibble;
    for (let next = nibble === 15 ? 255 : 0; next === 255; at += 1) total += next = block.readUInt8(at);
    return total;
  };
  while (at < block.length) {
    const token = block.readUInt8(at);
    at += 1;
    const literals = length(token >> 4);
    if (at + literals > block.length) throw new RangeError('LZ4 literals end too early');
    out.append(block.subarray(at, at + literals));
    at += literals;
    if (at === block.length) return;
    const distance = block.readUInt16LE(at);
    at += 2;
    out.repeat(distance, length(token & 15) + MIN_MATCH);
  }
}

/** Bytes that grow up to a limit. */
class Output {
  #buffer = Buffer.alloc(65_536);
  #length = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  append(bytes: Buffer): void {
    this.#reserve(bytes.length);
    this.#length += bytes.copy(this.#buffer, this.#length);
  }

  /** Copies what stands `distance` bytes before the end; it may run into what it is just writing. */
  repeat(distance: number, length: number): void {
    if (distance === 0 || distance > this.#length) throw new RangeError('an LZ4 match begins before the start');
    this.#reserve(length);
    const end = this.#length + length;
    while (this.#length < end) {
      const from = this.#length - distance;
      const to = Math.min(this.#length, from + end - this.#length);
      this.#length += this.#buffer.copy(this.#buffer, this.#length, from, to);
    }
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed > this.#limit) throw new RangeError(`more than ${this.#limit} bytes`);
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.alloc(Math.min(this.#limit, Math.max(needed, this.#buffer.length * 2)));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
