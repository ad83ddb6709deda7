import { facts, topology } from '@cartwheel/contracts';
import type { IHeaders, KafkaMessage } from 'kafkajs';
import { connect } from '../verify/connections.ts';
import { readToEnd } from '../verify/read/read-to-end.ts';
import type { Target } from '../verify/verify.ts';

/**
 * Publishes all facts of these orders once more, byte for byte and in their order, as a relay does that died after Kafka's
 * answer. Returns how many those were.
 */
export async function publishAgain(target: Target, orderIds: readonly string[]): Promise<number> {
  const shop = await connect(target);
  const producer = shop.kafka.producer();
  try {
    const { topic: nameOf } = topology(target.namespace);
    const topics = [...new Set(Object.values(facts).map(({ topic }) => nameOf(topic)))];
    const found: { topic: string; partition: number; message: KafkaMessage }[] = [];
    await readToEnd(shop, topics, (topic, partition, message) => {
      if (orderIds.includes(String(message.key))) found.push({ topic, partition, message });
    });
    await producer.connect();
    for (const [topic, own] of Map.groupBy(found, ({ topic }) => topic)) {
      const messages = own.map(({ partition, message: { key, value, headers } }) => ({
        partition,
        key,
        value,
        headers: headers as IHeaders,
      }));
      await producer.send({ topic, acks: -1, messages });
    }
    return found.length;
  } finally {
    await producer.disconnect().catch(() => undefined);
    await shop.close();
  }
}
