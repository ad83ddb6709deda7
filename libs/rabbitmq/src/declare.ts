import type { Topology } from '@cartwheel/messages';
import { closeConnection, openConnection, rpc } from './connection.ts';

/** So long the broker itself waits for a quorum queue to start (rabbit_quorum_queue.erl): a disk may be slow. */
const QUEUE_STARTS_WITHIN_MS = 60_000;

/** Declares exchange, queues and bindings. Run by set-up; services only look whether they are there. */
export async function declareTopology(url: string, topology: Topology): Promise<void> {
  const connection = await openConnection(url, 'set-up');
  try {
    const channel = await rpc('opening a channel', connection.createChannel());
    channel.on('error', () => undefined);
    await rpc('declaring the exchange', channel.assertExchange(topology.exchange, 'topic', { durable: true }));
    for (const queue of topology.queues) {
      await rpc(
        `declaring ${queue.name}`,
        channel.assertQueue(queue.name, { durable: true, arguments: queue.arguments }),
        QUEUE_STARTS_WITHIN_MS,
      );
      if (queue.binding)
        await rpc(`binding ${queue.name}`, channel.bindQueue(queue.name, topology.exchange, queue.binding));
    }
  } finally {
    await closeConnection(connection);
  }
}

/** Those of the exchange and queues that the broker does not have. Throws when it cannot be reached. */
export async function missingFromBroker(
  url: string,
  wanted: { exchange?: string; queues?: readonly string[] },
): Promise<string[]> {
  const connection = await openConnection(url, 'check');
  try {
    const missing: string[] = [];
    const check = async (
      name: string,
      ask: (channel: Awaited<ReturnType<typeof connection.createChannel>>) => PromiseLike<unknown>,
    ) => {
      // A passive declare of something missing closes its channel: one each.
      const channel = await rpc('opening a channel', connection.createChannel());
      channel.on('error', () => undefined);
      try {
        await rpc(`looking for ${name}`, ask(channel));
        await rpc('closing the channel', channel.close());
      } catch (error) {
        if ((error as { code?: number }).code !== 404) throw error;
        missing.push(name);
      }
    };
    if (wanted.exchange !== undefined)
      await check(wanted.exchange, (channel) => channel.checkExchange(wanted.exchange!));
    for (const queue of wanted.queues ?? []) await check(queue, (channel) => channel.checkQueue(queue));
    return missing;
  } finally {
    await closeConnection(connection);
  }
}
