import { connect } from 'amqplib';
import { Kafka, logLevel, Partitioners } from 'kafkajs';

/** Puts one record on a topic as a stranger might, past every contract. */
export async function sendRecord(
  brokers: string[],
  { topic, ...record }: { topic: string; key: string | null; headers: Record<string, string>; value: Buffer | null },
): Promise<void> {
  const kafka = new Kafka({ brokers, clientId: 'stranger', logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic, messages: [record] });
  await producer.disconnect();
}

/** Puts one message on an exchange as a stranger might, past every contract. */
export async function sendTask(
  url: string,
  {
    exchange,
    routingKey,
    headers,
    content,
  }: { exchange: string; routingKey: string; headers: Record<string, string>; content: Buffer },
): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createConfirmChannel();
  channel.publish(exchange, routingKey, content, { headers, persistent: true });
  await channel.waitForConfirms();
  await connection.close();
}
