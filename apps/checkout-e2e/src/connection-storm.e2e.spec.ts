import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { engines, eventually, kafkaProxy, tcpProxy, type TcpProxy } from '@cartwheel/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { customers } from './customers.ts';
import { tell } from './tell.ts';
import { testShop, type TestShop } from './test-shop.ts';

let shop: TestShop;
let kafka: TcpProxy;
let rabbitmq: TcpProxy;
beforeAll(async () => {
  kafka = await kafkaProxy(engines().kafka.brokers[0]!);
  rabbitmq = await tcpProxy(engines().rabbitmq.url);
  shop = await testShop({ LOG_LEVEL: 'info', KAFKA_BROKERS: new URL(kafka.url).host, RABBITMQ_URL: rabbitmq.url });
}, 180_000);
afterAll(async () => {
  await shop?.stop();
  await Promise.all([kafka?.stop(), rabbitmq?.stop()]);
}, 60_000);

const FOR_MS = 10_000;
const EVERY_MS = 300;

/** Ends every session of a service, whatever it is doing. Ours have another role. */
const terminate = async () => {
  const rows = await shop.query(
    'order',
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = datname AND starts_with(datname, $1)',
    [`${shop.namespace}_`],
  );
  return rows.length;
};
const cut = (proxy: TcpProxy) => {
  const { clients } = proxy;
  proxy.cut();
  return Promise.resolve(clients);
};

test('while every connection is lost again and again, every order that was taken ends, once', async () => {
  using load = customers(() => [shop.target.urls.order]);
  await eventually(() => {
    // Five consumers at least, and two workers with their drainers. The relays come with their first message.
    expect(kafka.clients).toBeGreaterThanOrEqual(5);
    expect(rabbitmq.clients).toBeGreaterThanOrEqual(4);
    expect(load.orderIds.length).toBeGreaterThan(10);
  });

  let lost = 0;
  for (const end = Date.now() + FOR_MS; Date.now() < end;) {
    for (const strike of [terminate, () => cut(kafka), () => cut(rabbitmq)]) {
      lost += await strike();
      await sleep(EVERY_MS);
    }
  }
  await load.stop();

  expect(await shop.broken()).toEqual([]);
  expect(await shop.orderIds()).toEqual(load.orderIds);
  tell('connection storm', {
    orders: load.orderIds.length,
    'connections lost': lost,
    'requests without an answer': load.refused,
    'duplicates absorbed': shop.logged('fact duplicate') + shop.logged('task duplicate'),
  });
}, 300_000);
