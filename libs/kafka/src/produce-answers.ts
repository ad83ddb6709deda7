import { AsyncLocalStorage } from 'node:async_hooks';
import { errorOfCode, produceRequest, readAnswers } from './kafkajs-internals.ts';

/** What a broker answered for one partition of a send. 0 is the only good code. */
export type PartitionAnswer = { readonly topic: string; readonly partition: number; readonly errorCode: number };

const collecting = new AsyncLocalStorage<PartitionAnswer[]>();

/**
 * Runs `send`, and puts into `answers` what each partition answered, also when `send` fails: kafkajs itself throws the first
 * error and forgets the others, and which of them were good. An error that no retry mends is not thrown at all.
 */
export function collectAnswers<T>(answers: PartitionAnswer[], send: () => Promise<T>): Promise<T> {
  return collecting.run(answers, send);
}

readAnswers(produceRequest, ({ parse }) => {
  const answers = collecting.getStore();
  if (!answers) return {};
  return {
    parse(answer) {
      const all = answer.topics.flatMap(({ topicName, partitions }) =>
        partitions.map(({ partition, errorCode }) => ({ topic: topicName, partition, errorCode })),
      );
      answers.push(...all);
      // Thrown, so that kafkajs looks for the leaders again; whoever is to blame for good is no reason for that.
      const passing = all.some(({ errorCode }) => errorCode !== 0 && errorOfCode(errorCode).retriable);
      return passing ? parse(answer) : Promise.resolve(answer);
    },
  };
});
