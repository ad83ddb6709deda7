import type { TaskContext } from '@cartwheel/inbox';
import { createDataSource, poolOf } from '@cartwheel/postgres';
import { newId } from '@cartwheel/primitives';
import { RabbitmqPublisher } from '@cartwheel/rabbitmq';
import { connect } from 'amqplib';
import { taskWorker } from '../../../libs/service/src/consumers.ts';
import type { Meter } from '../measure.ts';
import { type Place, topologyAt } from '../place.ts';
import { wiringAt } from './consumer.ts';
import { EFFECT, type Handler } from './handler.ts';
import { nestWith } from './nest.ts';

/** Payment's own. */
const PREFETCH = 8;

/** A worker of a service: strategy, inbox, and a handler that Nest calls. The outside answers at once. */
export async function worker(place: Place, meter: Meter, handler: Handler): Promise<void> {
  const publisher = new RabbitmqPublisher(place.rabbitmqUrl, 'bench');
  const broker = { url: place.rabbitmqUrl, publisher };
  const { strategy } = taskWorker(wiringAt(place), broker, { queue: 'payment.card', prefetch: PREFETCH });
  await nestWith(strategy, 'CapturePayment', async (_data: unknown, { task, finish }: TaskContext) => {
    await finish(async (tx) => {
      if (handler === 'statement') await tx.query(EFFECT, [task.subject]);
    });
    meter.add(1);
  });
}

/** The statements alone: claim the task's id, and what the handler does. */
export async function recordSql(place: Place, meter: Meter, handler: Handler): Promise<void> {
  const dataSource = await createDataSource(place.database.service, { name: 'bench', max: PREFETCH }).initialize();
  const oneAfterTheOther = async () => {
    const client = await poolOf(dataSource).connect();
    while (!meter.full) {
      const id = newId();
      await client.query('BEGIN');
      await client.query(`INSERT INTO processed_events (consumer, event_id) VALUES ('bench', $1)`, [id]);
      if (handler === 'statement') await client.query(EFFECT, [id]);
      await client.query('COMMIT');
      meter.add(1);
    }
  };
  await Promise.all(Array.from({ length: PREFETCH }, oneAfterTheOther));
}

/** amqplib alone: consume and acknowledge. */
export async function consumeAndAck(place: Place, meter: Meter): Promise<void> {
  const connection = await connect(place.rabbitmqUrl);
  const channel = await connection.createChannel();
  await channel.prefetch(PREFETCH);
  await channel.consume(topologyAt(place).queue('payment.card'), (message) => {
    channel.ack(message!);
    meter.add(1);
  });
}
