import { Kafka, logLevel, type Message } from 'kafkajs';

/** A topic and one consumer group of it, from outside: what is put in, and how far the group has committed. */
export async function kafkaTopic(brokers: string[], { topic, groupId }: { topic: string; groupId: string }) {
  const kafka = new Kafka({ brokers, clientId: 'test', logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  // Idempotent: kafkajs repeats a request of which one partition failed, and a test counts records.
  const producer = kafka.producer({ allowAutoTopicCreation: false, idempotent: true, maxInFlightRequests: 1 });
  await Promise.all([admin.connect(), producer.connect()]);
  return {
    topic,
    groupId,
    async produce(partition: number, ...values: readonly (string | number)[]): Promise<void> {
      const messages = values.map((value) => ({ partition, key: `k${partition}`, value: String(value) }));
      await producer.send({ topic, messages });
    },
    async send(messages: Message[]): Promise<void> {
      await producer.send({ topic, messages });
    },
    /** The offset that the group would go on from, by partition; -1 is nothing yet. */
    async committed(): Promise<Record<number, number>> {
      const [ofTopic] = await admin.fetchOffsets({ groupId, topics: [topic] });
      return Object.fromEntries(ofTopic!.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    },
    /** How many members the group has. */
    async members(): Promise<number> {
      const { groups } = await admin.describeGroups([groupId]);
      return groups[0]!.members.length;
    },
    async close(): Promise<void> {
      await Promise.all([admin.disconnect(), producer.disconnect()]);
    },
  };
}
