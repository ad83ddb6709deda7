import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

type Mode = 'open' | 'held' | 'stalled' | 'closed';

export type TcpProxy = {
  /** The address given, but through the proxy. */
  readonly url: string;
  /**
   * `held`: what the server answers waits here. `stalled`: what the clients say does, until their sockets are full.
   * `closed`: nobody gets in, and who is in is thrown out.
   */
  set(mode: Mode): void;
  /** Ends every connection without a word, as a network does. */
  cut(): void;
  /** Says something to every client in the server's name. Only for protocols, and moments, where nothing is under way. */
  say(bytes: Buffer): void;
  /** How many clients are connected. */
  readonly clients: number;
  stop(): Promise<void>;
};

type Options = {
  /** What the clients get instead of what the server answers, as it came off the wire; left out: the same. */
  readonly answer?: (bytes: Buffer, proxyPort: number) => Buffer;
};

/** Stands between a client and the server at `target`, and fails on request. */
export async function tcpProxy(target: string, { answer = (bytes) => bytes }: Options = {}): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const clients = new Map<Socket, Socket>();
  let mode: Mode = 'open';
  const flow = (client: Socket, upstream: Socket) => {
    if (mode === 'stalled') client.pause();
    else client.resume();
    if (mode === 'held') upstream.pause();
    else upstream.resume();
  };

  const server = createServer((client) => {
    if (mode === 'closed') return void client.destroy();
    const upstream = connect(Number(port), hostname);
    clients.set(client, upstream);
    const end = () => {
      clients.delete(client);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
    client.on('data', (bytes) => upstream.write(bytes));
    upstream.on('data', (bytes: Buffer) => client.write(answer(bytes, ownPort)));
    flow(client, upstream);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');

  const { port: ownPort } = server.address() as AddressInfo;
  const url = new URL(target);
  url.port = String(ownPort);
  const cut = () => clients.forEach((_, client) => client.destroy());
  return {
    url: url.href,
    set(next) {
      mode = next;
      if (mode === 'closed') cut();
      else clients.forEach((upstream, client) => flow(client, upstream));
    },
    cut,
    say: (bytes) => clients.forEach((_, client) => client.write(bytes)),
    get clients() {
      return clients.size;
    },
    async stop() {
      cut();
      await once(server.close(), 'close');
    },
  };
}
