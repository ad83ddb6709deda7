import type { Message } from '@cartwheel/contracts';
import { createKafka } from '@cartwheel/kafka';
import { connect } from 'amqplib';
import { Partitioners } from 'kafkajs';
import { addressed, capturePayment, orderPlaced } from './messages.ts';
import { asAdmin, type Place, topologyAt } from './place.ts';

const BATCH = 1_000;

/** Rows as a unit of work writes them, each under a key of its own; made by the database, so that it is quick. */
export async function fillOutbox(place: Place, channel: 'kafka' | 'rabbitmq', count: number): Promise<void> {
  const topology = topologyAt(place);
  const isFact = channel === 'kafka';
  const message = isFact ? orderPlaced() : capturePayment();
  const { headers, value } = addressed(message);
  await asAdmin(
    place,
    `INSERT INTO outbox (channel, id, destination, key, type, headers, payload)
     SELECT $1, id, $2, convert_to(coalesce($3, id::text), 'UTF8'), $4, $5::jsonb || jsonb_build_object('ce_id', id), $6
     FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, $7::int)) AS new`,
    [
      channel,
      isFact ? topology.topic('order-events') : topology.exchange,
      isFact ? null : 'payment.card.capture',
      message.type,
      JSON.stringify(headers),
      value,
      count,
    ],
  );
}

export async function fillTopic(place: Place, count: number): Promise<void> {
  const producer = createKafka(place.kafkaBrokers, 'bench').producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    // A topic of a moment ago may be without its leader still.
    retry: { retries: 20 },
  });
  await producer.connect();
  const topic = topologyAt(place).topic('order-events');
  for (const messages of batches(count, orderPlaced)) await producer.send({ topic, messages });
  await producer.disconnect();
}

export async function fillQueue(place: Place, count: number): Promise<void> {
  const connection = await connect(place.rabbitmqUrl);
  const channel = await connection.createConfirmChannel();
  const { exchange } = topologyAt(place);
  for (const messages of batches(count, capturePayment)) {
    for (const { headers, value } of messages)
      channel.publish(exchange, 'payment.card.capture', value, { headers, persistent: true });
    await channel.waitForConfirms();
  }
  await connection.close();
}

/** Facts whose next attempt is due, evenly behind `keys` keys. */
export async function fillParked(place: Place, count: number, keys: number): Promise<void> {
  const { value, headers } = addressed(orderPlaced());
  const stored = Object.entries(headers).map(([name, text]) => [
    name,
    { base64: Buffer.from(text).toString('base64') },
  ]);
  await asAdmin(
    place,
    `INSERT INTO parked_messages (source, consumer, topic, key, partition, record_offset, state, attempts,
       next_attempt_at, event_id, payload, headers)
     SELECT 'kafka', 'payment', $1, convert_to((n % $2)::text, 'UTF8'), 0, n, 'parked', 1, now(), gen_random_uuid(), $3, $4
     FROM generate_series(1, $5::int) AS n`,
    [topologyAt(place).topic('order-events'), keys, value, JSON.stringify(Object.fromEntries(stored)), count],
  );
}

function* batches(count: number, make: () => Message) {
  for (let made = 0; made < count; made += BATCH)
    yield Array.from({ length: Math.min(BATCH, count - made) }, () => addressed(make()));
}
