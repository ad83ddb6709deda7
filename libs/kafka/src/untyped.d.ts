declare module 'snappyjs' {
  const snappy: {
    /** @throws Error when the bytes are malformed, or unpack to more than `maxLength` */
    uncompress(compressed: Buffer, maxLength?: number): Buffer;
    compress(uncompressed: Buffer): Buffer;
  };
  export default snappy;
}

declare module 'crc-32/crc32c.js' {
  const crc32c: {
    /** CRC-32C (Castagnoli) as a signed 32-bit number */
    buf(data: Uint8Array, seed?: number): number;
  };
  export default crc32c;
}
