import { taskQueues } from '@cartwheel/contracts';
import { answering, type Connections, hostOf } from '../connections.ts';
import type { QueueDepth } from '../evidence.ts';

/** Ready messages per queue. What a consumer has in hand is not counted by AMQP: `task_attempts` shows it. */
export async function readQueues({ rabbitmq, topology, target }: Connections): Promise<QueueDepth[]> {
  const queues: QueueDepth[] = [];
  for (const { name } of topology.queues) {
    const { messageCount } = await answering(
      `RabbitMQ's queue ${name}`,
      hostOf(target.rabbitmqUrl),
      rabbitmq.checkQueue(name),
    );
    const queue = taskQueues.find((work) => name.startsWith(topology.queue(work)))!;
    queues.push({ name, queue, ready: messageCount, isDead: name.endsWith('.dead') });
  }
  return queues;
}
