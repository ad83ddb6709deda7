import type { ISocketFactory } from 'kafkajs';
import { connect, type Socket } from 'node:net';

/** The numbers of the requests that tests interfere with (https://kafka.apache.org/protocol#protocol_api_keys). */
export const kafkaApi = { produce: 0, fetch: 1, offsetCommit: 8, findCoordinator: 10 } as const;

type Loss = 'lose the answer' | 'lose the connection';

/**
 * Sockets for `new Kafka({ socketFactory })` that show every request to `onRequest` before it goes out. It may spoil the
 * bytes, or have the answer lost on its way, alone or with the connection: the broker has done what it was asked, and nobody
 * hears of it. `onAnswer` may spoil what the broker answers.
 */
export function kafkaWire(
  onRequest: (api: number, request: Buffer) => Loss | undefined,
  onAnswer: (api: number, answer: Buffer) => void = () => undefined,
) {
  const open = new Set<Socket>();
  const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = connect({ host, port }, onConnect);
    open.add(socket.once('close', () => open.delete(socket)));
    const write = socket.write.bind(socket) as (request: Buffer, encoding: BufferEncoding) => boolean;
    const emit = socket.emit.bind(socket) as (event: string, ...values: unknown[]) => boolean;
    const losses = new Map<number, Loss>();
    const asked = new Map<number, number>();
    let rest = Buffer.alloc(0);
    // kafkajs writes one whole request at a time: size (4 bytes), number of the request (2), its version (2), an id (4).
    const watchedWrite = (request: Buffer, encoding: BufferEncoding) => {
      const api = request.readInt16BE(4);
      const loss = onRequest(api, request);
      asked.set(request.readInt32BE(8), api);
      if (loss) losses.set(request.readInt32BE(8), loss);
      return write(request, encoding);
    };
    // An answer: size, the id of its request, and so on. Several may come at once, or one in pieces.
    const watchedEmit = (event: string, ...values: unknown[]) => {
      if (event !== 'data') return emit(event, ...values);
      rest = Buffer.concat([rest, values[0] as Buffer]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
        const answer = rest.subarray(0, 4 + rest.readInt32BE(0));
        rest = rest.subarray(answer.length);
        const loss = losses.get(answer.readInt32BE(4));
        onAnswer(asked.get(answer.readInt32BE(4))!, answer);
        if (loss === undefined) emit('data', answer);
        if (loss === 'lose the connection') socket.destroy(new Error('the connection was lost'));
      }
      return true;
    };
    return Object.assign<Socket, object>(socket, { write: watchedWrite, emit: watchedEmit });
  };
  return { socketFactory, open };
}
