import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ConsumerGroup, topology } from '@cartwheel/contracts';
import { createKafka } from '@cartwheel/kafka';
import { engines, eventually, rabbitmqQueue } from '@cartwheel/testing';
import { services } from '../../../tools/setup/databases.ts';
import { customers } from './customers.ts';
import { echoFacts } from './echo.ts';
import { tell } from './tell.ts';
import { testShop, type TestShop } from './test-shop.ts';

let shop: TestShop;
beforeAll(async () => {
  shop = await testShop({ LOG_LEVEL: 'info' });
}, 120_000);
afterAll(() => shop?.stop(), 60_000);

const ORDERS = 100;
const ONE_IN = 20;
/** How many records of each partition an older offset brings again. */
const BACK = 40;

/** Takes note of every task that is sent, and sends every 20th again. */
async function echoTasks(names: ReturnType<typeof topology>) {
  const { exchange } = names;
  const { channel, close } = await rabbitmqQueue(engines().rabbitmq.url, { queue: '', exchange, routingKey: '' });
  const tasks: Parameters<Parameters<typeof channel.consume>[1]>[0][] = [];
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, exchange, '#');
  await channel.consume(queue, (task) => void tasks.push(task), { noAck: true });
  return {
    async again() {
      const some = tasks.filter((_, n) => n % ONE_IN === 0);
      for (const task of some) channel.publish(exchange, task!.fields.routingKey, task!.content, task!.properties);
      await channel.waitForConfirms();
      return some.length;
    },
    [Symbol.asyncDispose]: close,
  };
}

/** Moves every group back while nobody is in it. Returns how many records that brings to each. */
async function moveBack(names: ReturnType<typeof topology>): Promise<Record<string, number>> {
  const admin = createKafka(engines().kafka.brokers, 'operator').admin();
  await admin.connect();
  const moved: Record<string, number> = {};
  const move = async (group: ConsumerGroup) => {
    const groupId = names.groupId(group);
    for (const { topic, partitions } of await admin.fetchOffsets({ groupId, topics: names.topicsOf(group) })) {
      const before = partitions.map(({ partition, offset }) => ({ partition, offset: Math.max(Number(offset), 0) }));
      const after = before.map(({ partition, offset }) => ({ partition, offset: Math.max(offset - BACK, 0) }));
      // kafkajs joins the group for it, which takes seconds: so all groups at once.
      await admin.setOffsets({
        groupId,
        topic,
        partitions: after.map(({ partition, offset }) => ({ partition, offset: String(offset) })),
      });
      moved[group] = before.reduce((sum, { offset }, n) => sum + offset - after[n]!.offset, moved[group] ?? 0);
    }
  };
  await Promise.all(names.consumers.map(move));
  await admin.disconnect();
  return moved;
}

test('facts and tasks that are delivered again, at once and much later, change nothing', async () => {
  const names = topology(shop.namespace);
  using load = customers(() => [shop.target.urls.order], { perSecond: 15 });
  await using facts = await echoFacts(shop.namespace, ONE_IN);
  await using tasks = await echoTasks(names);
  await eventually(() => expect(load.orderIds.length).toBeGreaterThan(ORDERS));
  await load.stop();
  // At rest: the same tasks side by side are another matter (docs/promises/limits.md, Mail).
  expect(await shop.broken()).toEqual([]);
  const sent = { facts: await facts.end(), tasks: await tasks.again() };
  await eventually(() => expect(shop.logged('task duplicate')).toBeGreaterThanOrEqual(sent.tasks));

  await Promise.all(services.map((name) => shop.instances[name].stop()));
  const moved = await moveBack(names);
  await Promise.all(services.map((name) => shop.startInstance(name, Number(new URL(shop.target.urls[name]).port))));
  // Analytics takes facts of every type, so it has seen each of them again.
  const again = sent.facts + moved['analytics.facts']!;
  await eventually(() => expect(shop.logged('fact duplicate', 'analytics')).toBeGreaterThanOrEqual(again));

  expect(await shop.broken()).toEqual([]);
  expect(await shop.orderIds()).toEqual(load.orderIds);
  tell('delivered again', {
    orders: load.orderIds.length,
    'facts sent again': sent.facts,
    'tasks sent again': sent.tasks,
    'facts brought again by older offsets': Object.values(moved).reduce((sum, n) => sum + n, 0),
    'duplicates absorbed': shop.logged('fact duplicate') + shop.logged('task duplicate'),
  });
}, 300_000);
