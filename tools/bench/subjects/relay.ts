import { createKafka } from '@cartwheel/kafka';
import { createLogger } from '@cartwheel/observability';
import { Wake } from '@cartwheel/outbox';
import { RabbitmqPublisher } from '@cartwheel/rabbitmq';
import { connect } from 'amqplib';
import { Partitioners } from 'kafkajs';
import pg from 'pg';
import { kafkaRelay, rabbitmqRelay } from '../../../libs/service/src/relays.ts';
import { addressed, capturePayment, orderPlaced } from '../messages.ts';
import type { Meter } from '../measure.ts';
import { type Place, topologyAt } from '../place.ts';

type Channel = 'kafka' | 'rabbitmq';

/** As many rows as the relay reads at once. */
const BATCH = 500;

/** The relay of a service. Counts what a broker has confirmed. */
export function relay(place: Place, meter: Meter, channel: Channel): void {
  const wiring = {
    connectionString: place.database.service,
    wake: new Wake(),
    pollIntervalMs: 500,
    logger: createLogger('bench', 'warn'),
    onFatal: (reason: string) => {
      throw new Error(reason);
    },
  };
  const kafka = createKafka(place.kafkaBrokers, 'bench');
  const producerOf = kafka.producer.bind(kafka);
  kafka.producer = (config) => {
    const producer = producerOf(config);
    const sendBatch = producer.sendBatch.bind(producer);
    producer.sendBatch = async (batch) => {
      const answer = await sendBatch(batch);
      meter.add((batch.topicMessages ?? []).reduce((sum, { messages }) => sum + messages.length, 0));
      return answer;
    };
    return producer;
  };
  const publisher = new RabbitmqPublisher(place.rabbitmqUrl, 'relay:bench');
  const publish = publisher.publish.bind(publisher);
  publisher.publish = async (messages) => {
    const answer = await publish(messages);
    meter.add(answer.confirmed.length);
    return answer;
  };
  const running = channel === 'kafka' ? kafkaRelay(wiring, kafka).relay : rabbitmqRelay(wiring, publisher);
  running.start();
}

/** The statements alone: read a batch, delete it. */
export async function outboxSql(place: Place, meter: Meter, channel: Channel): Promise<void> {
  const client = new pg.Client({ connectionString: place.database.service });
  await client.connect();
  for (;;) {
    const { rows } = await client.query<{ seq: string }>(
      `SELECT seq, channel, id, destination, key, type, headers, payload FROM outbox
       WHERE channel = $1 ORDER BY seq LIMIT $2`,
      [channel, BATCH],
    );
    if (rows.length === 0) return;
    await client.query('DELETE FROM outbox WHERE seq = ANY($1::bigint[])', [rows.map(({ seq }) => seq)]);
    meter.add(rows.length);
  }
}

/** kafkajs alone: the same batches, one after the other. */
export async function sendBatches(place: Place, meter: Meter): Promise<void> {
  const topic = topologyAt(place).topic('order-events');
  const producer = createKafka(place.kafkaBrokers, 'bench').producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const messages = Array.from({ length: BATCH }, () => addressed(orderPlaced()));
  while (!meter.full) {
    await producer.sendBatch({ acks: -1, topicMessages: [{ topic, messages }] });
    meter.add(BATCH);
  }
}

/** amqplib alone: the same batches, each confirmed before the next. */
export async function publishWithConfirms(place: Place, meter: Meter): Promise<void> {
  const { exchange } = topologyAt(place);
  const connection = await connect(place.rabbitmqUrl);
  const channel = await connection.createConfirmChannel();
  const messages = Array.from({ length: BATCH }, () => addressed(capturePayment()));
  while (!meter.full) {
    for (const { headers, value } of messages)
      channel.publish(exchange, 'payment.card.capture', value, { headers, persistent: true, mandatory: true });
    await channel.waitForConfirms();
    meter.add(BATCH);
  }
}
