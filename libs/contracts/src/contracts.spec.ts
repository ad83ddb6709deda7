import { expect, test } from '@jest/globals';
import { newId } from '@cartwheel/primitives';
import { contracts, facts, factTopics, maskPersonal, taskQueues, tasks, topology } from './index.ts';

test('every topic has a fact, every queue a task, whose routing key finds that queue and no other', () => {
  expect([...new Set(Object.values(facts).map(({ topic }) => topic))].toSorted()).toEqual(factTopics.toSorted());
  expect([...new Set(Object.values(tasks).map(({ queue }) => queue))].toSorted()).toEqual(taskQueues.toSorted());
  const bindings = topology().queues.flatMap(({ name, binding }) => (binding === undefined ? [] : { name, binding }));
  for (const { queue, routingKey } of Object.values(tasks)) {
    const found = bindings.filter(({ binding }) => routingKey.replace(/\.[^.]+$/, '.*') === binding);
    expect(found.map(({ name }) => name)).toEqual([topology().queue(queue)]);
  }
});

test('every fact has a reader', () => {
  const read = new Set(topology().consumers.flatMap((group) => topology().topicsOf(group)));
  expect(Object.values(facts).filter(({ topic }) => !read.has(topology().topic(topic)))).toEqual([]);
});

test('a customer is masked in what people are shown', () => {
  const orderId = newId();
  const customer = { name: 'Ada', email: 'ada@example.com' };
  expect(maskPersonal({ orderId, customer })).toEqual({ orderId, customer: { name: '***', email: '***' } });
  expect(contracts.maskPersonal({ orderId })).toEqual({ orderId });
});
