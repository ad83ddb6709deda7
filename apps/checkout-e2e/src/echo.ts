import { topology } from '@cartwheel/contracts';
import { createKafka } from '@cartwheel/kafka';
import { engines } from '@cartwheel/testing';

/**
 * Writes every n-th fact that it reads once more, byte for byte, to where it was. `end` tells how many those were; a test that
 * fails before that ends it too, or its process would never.
 */
export async function echoFacts(namespace: string, oneIn: number) {
  const kafka = createKafka(engines().kafka.brokers, 'echo');
  const consumer = kafka.consumer({ groupId: `${namespace}.echo`, maxWaitTimeInMs: 200 });
  const producer = kafka.producer();
  await Promise.all([consumer.connect(), producer.connect()]);
  const seen = new Set<string>();
  let sent = 0;
  await consumer.subscribe({ topics: topology(namespace).topicsOf('analytics.facts'), fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ topic, partition, message: { key, value, headers } }) => {
      const id = String(headers!['ce_id']);
      if (seen.has(id) || seen.add(id).size % oneIn > 0) return;
      await producer.send({ topic, messages: [{ partition, key, value, headers: headers! }] });
      sent += 1;
    },
  });
  const end = async () => {
    await Promise.all([consumer.disconnect(), producer.disconnect()]);
    return sent;
  };
  return { end, [Symbol.asyncDispose]: async () => void (await end()) };
}
