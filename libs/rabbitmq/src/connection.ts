import { withDeadline } from '@cartwheel/primitives';
import { type ChannelModel, connect } from 'amqplib';
import type { Socket } from 'node:net';

const DEADLINE_MS = 10_000;

/**
 * Opens a connection of its own. amqplib's RPCs have no time-out, so everything that asks the broker goes through
 * `withDeadline`; its recovery brings back connections but not channels, consumers or prefetch, so it stays off and the
 * loops that use a connection open a new one.
 */
export async function openConnection(url: string, name: string): Promise<ChannelModel> {
  const address = new URL(url);
  address.searchParams.set('heartbeat', '10');
  const connection = await withDeadline(
    'the connection to RabbitMQ',
    DEADLINE_MS,
    connect(address.href, { timeout: 5_000, clientProperties: { connection_name: name } }),
  );
  // Without a listener an 'error' ends the process. 'close' follows every error and is what the users listen to.
  connection.on('error', () => undefined);
  return connection;
}

/** Closes politely, but does not wait for a broker that does not answer, nor keep what it was still to be sent. */
export async function closeConnection(connection: ChannelModel): Promise<void> {
  // A dying connection ends its channels first; asked to close by one of their listeners it would never answer.
  await Promise.resolve();
  const closed = connection.close().catch(() => undefined); // the error of one that is closed already, or being closed
  await withDeadline('closing the connection to RabbitMQ', 3_000, closed).catch((error: Error) => {
    const { stream } = connection.connection as unknown as { stream: Socket };
    stream.destroy(error);
  });
}

export function rpc<T>(what: string, answer: PromiseLike<T>, deadlineMs = DEADLINE_MS): Promise<T> {
  return withDeadline(what, deadlineMs, Promise.resolve(answer));
}
