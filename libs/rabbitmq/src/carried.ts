import type { ChannelModel } from 'amqplib';

/** Why nobody can send a message with these headers or properties, whenever it is tried. */
export const NOT_CARRIED =
  'RabbitMQ cannot carry its headers or properties: too large for a frame, a name or property of more than 255 bytes, ' +
  'or a value that AMQP has no type for';

/** What stands in the frame beside the headers, at most: three properties of 255 bytes and what is fixed. */
const BESIDE_BYTES = 1_024;

/**
 * Whether the headers fit into one frame of this connection: a body is split over frames, the header is not, and the broker
 * closes the connection of who sends a larger one. amqplib itself ends at 64 kB, below RabbitMQ's usual 128 kB.
 */
export function fitsFrame(connection: ChannelModel, headers: Readonly<Record<string, unknown>>): boolean {
  const { frameMax } = connection.connection as unknown as { frameMax: number };
  return bytesOf(headers) + BESIDE_BYTES <= frameMax;
}

/** Of a field of AMQP's table, with its type; numbers at their largest. */
function bytesOf(value: unknown): number {
  if (typeof value === 'string') return 5 + Buffer.byteLength(value);
  if (Buffer.isBuffer(value)) return 5 + value.length;
  if (typeof value !== 'object' || value === null) return 9;
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + bytesOf(one), 5);
  return Object.entries(value).reduce((sum, [name, one]) => sum + 1 + Buffer.byteLength(name) + bytesOf(one), 5);
}
