import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ConsumerGroup, fact, headersOf, task, topology } from '@cartwheel/contracts';
import { createKafka } from '@cartwheel/kafka';
import { newId } from '@cartwheel/primitives';
import { engines, eventually, rabbitmqQueue } from '@cartwheel/testing';
import { Partitioners } from 'kafkajs';
import { services } from '../../../tools/setup/databases.ts';
import { consumerGroups, handledTypes } from '../../../tools/verify/handled-types.ts';
import { customers } from './customers.ts';
import { tell } from './tell.ts';
import { testShop, type TestShop } from './test-shop.ts';

let shop: TestShop;
beforeAll(async () => {
  shop = await testShop();
}, 120_000);
afterAll(() => shop?.stop(), 60_000);

const ORDERS = 100;
/** Of the orders: after so many of them all the poison comes once more. */
const SHARES = [0.25, 0.75];
const cause = { correlationId: newId(), causationId: `http:${newId()}` };

type Poison = { headers: Record<string, string>; value: Buffer | null };

/** One of each class, about an order that nobody placed. Handlers exist for all of them but the last. */
function poisons(): Record<string, Poison> {
  const orderId = newId();
  const cancelled = fact('OrderCancelled', orderId, { orderId, reason: 'customer' });
  const headers = (change: Record<string, string> = {}) => ({
    ...headersOf(cancelled, 'order', cause, 1),
    ce_id: newId(),
    ...change,
  });
  const value = Buffer.from(JSON.stringify(cancelled.data));
  return {
    'no JSON': { headers: headers(), value: Buffer.from('{"orderId": "ada@example.com" oops') },
    'no UTF-8': { headers: headers(), value: Buffer.from([0x22, 0xff, 0xfe, 0x22]) },
    'no header': { headers: {}, value },
    'no value': { headers: headers(), value: null },
    'no id': { headers: headers({ ce_id: 'one' }), value },
    'an address for an id': { headers: headers({ ce_id: 'ada@example.com' }), value },
    'a future version': { headers: headers({ ce_dataversion: '99' }), value },
    'against the contract': { headers: headers(), value: Buffer.from('{"orderId":1}') },
    'a header of 400 kB': { headers: headers({ ce_userid: 'a'.repeat(400_000) }), value },
    'NUL in a header': { headers: headers({ ce_subject: 'a\0b' }), value },
    'an unknown type': { headers: headers({ ce_type: 'OrderTeleported' }), value },
  };
}
const kinds = Object.keys(poisons());
/** Whoever has no handler for a type skips it; without a type it may be anyone's. */
const isTakenBy = (group: ConsumerGroup, kind: string) =>
  kind === 'no header' || (kind !== 'an unknown type' && handledTypes[group].includes('OrderCancelled'));

test('poison of every kind among the orders ends dead, each with its reason, and holds up nobody', async () => {
  const names = topology(shop.namespace);
  const kafka = createKafka(engines().kafka.brokers, 'stranger');
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const { channel, close } = await rabbitmqQueue(engines().rabbitmq.url, {
    queue: names.queue('payment.card'),
    exchange: names.exchange,
    routingKey: 'payment.card.void',
  });

  using load = customers(() => [shop.target.urls.order], { perSecond: 15 });
  const topics = names.topicsOf('analytics.facts');
  for (const [round, share] of SHARES.entries()) {
    await eventually(() => expect(load.orderIds.length).toBeGreaterThan(ORDERS * share));
    for (const topic of topics) {
      // A key of its own: what follows a dead message under its key waits behind it.
      const messages = Object.values(poisons()).map((poison) => ({ key: newId(), ...poison }));
      await producer.send({ topic, messages });
    }
    const orderId = newId();
    const headers = headersOf(task('VoidPayment', orderId, { orderId, paymentId: newId() }), 'payment', cause);
    const publish = (value: string, own: object) =>
      channel.publish(names.exchange, 'payment.card.void', Buffer.from(value), { headers: own, persistent: true });
    publish('{', headers);
    publish('{}', { ...headers, ce_id: newId(), ce_dataversion: '99' });
    publish(`hello for the ${round + 1}. time`, {});
    await channel.waitForConfirms();
  }
  await eventually(() => expect(load.orderIds.length).toBeGreaterThan(ORDERS));
  await load.stop();
  await Promise.all([producer.disconnect(), close()]);

  // The checker names every one of them, and finds nothing else.
  const poison = SHARES.length * topics.length;
  expect((await shop.broken()).map(({ promise, offenders }) => [promise, found(offenders)])).toEqual([
    [11, poison * kinds.length],
    [12, poison],
  ]);
  const dead: Record<string, number> = {};
  for (const service of services) {
    const rows = await shop.query<{ consumer: string; error_class: string; count: number }>(
      service,
      `SELECT consumer, error_class, count(*)::int AS count FROM parked_messages WHERE state = 'dead' GROUP BY 1, 2`,
    );
    expect(rows.filter(({ error_class }) => error_class !== 'UnreadableMessage')).toEqual([]);
    for (const { consumer, count } of rows) dead[consumer] = count;
  }
  const perGroup = consumerGroups.map((group) => {
    const taken = names.topicsOf(group).flatMap(() => kinds.filter((kind) => isTakenBy(group, kind)));
    return [group, SHARES.length * taken.length] as const;
  });
  expect(dead).toEqual({ ...Object.fromEntries(perGroup), 'payment.card': SHARES.length * 3 });
  expect(await shop.orderIds()).toEqual(load.orderIds);
  tell('poison', {
    orders: load.orderIds.length,
    'poisonous records': poison * kinds.length,
    'poisonous tasks': SHARES.length * 3,
    'dead letters': Object.values(dead).reduce((sum, n) => sum + n, 0),
  });
}, 120_000);

/** The checker lists ten offenders, and says how many more there are. */
function found(offenders: readonly string[]): number {
  const more = /^and (\d+) more$/.exec(offenders.at(-1)!);
  return more ? offenders.length - 1 + Number(more[1]) : offenders.length;
}
