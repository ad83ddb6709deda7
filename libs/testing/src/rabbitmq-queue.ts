import { connect } from 'amqplib';

/** A queue from outside: what is put in, and what waits there. */
export async function rabbitmqQueue(
  url: string,
  { queue, exchange, routingKey }: { queue: string; exchange: string; routingKey: string },
) {
  const connection = await connect(url);
  const channel = await connection.createConfirmChannel();
  return {
    queue,
    channel,
    async send(...tasks: readonly (string | Buffer)[]): Promise<void> {
      for (const task of tasks) channel.publish(exchange, routingKey, Buffer.from(task), { persistent: true });
      await channel.waitForConfirms();
    },
    /** How many wait, without those that a consumer has in hand. */
    waiting: async (): Promise<number> => (await channel.checkQueue(queue)).messageCount,
    close: () => connection.close(),
  };
}
