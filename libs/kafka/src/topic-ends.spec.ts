import { expect, test } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import { topicEnds } from './topic-ends.ts';

test('topics are asked for one after the other, because kafkajs forgets topics that are asked for side by side', async () => {
  let known: string[] = [];
  const admin = {
    // What a client of kafkajs knows is replaced by each answer.
    async fetchTopicOffsets(topic: string) {
      known = [topic];
      await setImmediate();
      if (!known.includes(topic)) throw new TypeError('the topic is not known any more');
      return [{ partition: 0, offset: '2', low: '1', high: '2' }];
    },
  };
  const ends = await topicEnds(admin, ['one', 'two']);
  expect([...ends.keys()]).toEqual(['one', 'two']);
});
