import type { ISocketFactory } from 'kafkajs';
import { connect, type Socket } from 'node:net';

/** The numbers of the requests that tests interfere with (https://kafka.apache.org/protocol#protocol_api_keys). */
export const kafkaApi = { produce: 0, offsetCommit: 8 } as const;

/**
 * Sockets for `new Kafka({ socketFactory })` that show every request to `onRequest` before it goes out. It may spoil the
 * bytes, or have the answer lost on its way. (A proxy cannot do this: brokers tell clients their own addresses.)
 */
export function kafkaWire(onRequest: (api: number, request: Buffer) => 'lose the answer' | undefined) {
  const open = new Set<Socket>();
  const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = connect({ host, port }, onConnect);
    open.add(socket.once('close', () => open.delete(socket)));
    const write = socket.write.bind(socket) as (request: Buffer, encoding: BufferEncoding) => boolean;
    const emit = socket.emit.bind(socket) as (event: string, ...values: unknown[]) => boolean;
    let losing = 0;
    // kafkajs writes one whole request at a time: size (4 bytes), number of the request (2), and so on.
    const watchedWrite = (request: Buffer, encoding: BufferEncoding) => {
      if (onRequest(request.readInt16BE(4), request) === 'lose the answer') losing += 1;
      return write(request, encoding);
    };
    const watchedEmit = (event: string, ...values: unknown[]) => {
      if (event !== 'data' || losing === 0) return emit(event, ...values);
      losing -= 1;
      return true;
    };
    return Object.assign<Socket, object>(socket, { write: watchedWrite, emit: watchedEmit });
  };
  return { socketFactory, open };
}
