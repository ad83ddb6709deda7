import { topology } from '@cartwheel/contracts';
import { createKafka } from '@cartwheel/kafka';
import { engines, eventually } from '@cartwheel/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tell } from './tell.ts';
import { testShop, type TestShop } from './test-shop.ts';

let shop: TestShop;
beforeAll(async () => {
  shop = await testShop();
}, 180_000);
afterAll(() => shop?.stop(), 60_000);

const ORDERS = 24;
const PARTICIPANTS = ['payment', 'inventory', 'email', 'analytics'] as const;

async function stop(name: (typeof PARTICIPANTS)[number] | 'order') {
  const instance = shop.instances[name];
  process.kill(instance.pid, 'SIGTERM');
  await instance.exited;
}

/** A port of its own, as before. */
const start = (name: (typeof PARTICIPANTS)[number] | 'order') =>
  shop.startInstance(name, Number(new URL(shop.target.urls[name]).port));

test('orders that are cancelled while their topic gets more partitions hold no money and no stock, and get their mail', async () => {
  const topic = topology(shop.namespace).topic('order-events');
  await Promise.all(PARTICIPANTS.map(stop));
  const ids: unknown[] = [];
  for (let n = 0; n < ORDERS; n += 1) ids.push((await shop.checkout({ sku: 'plate-small' })).body.orderId);
  await eventually(async () => expect(await shop.query('order', 'SELECT 1 FROM outbox')).toEqual([]));

  const admin = createKafka(engines().kafka.brokers, 'test').admin();
  await admin.connect();
  await admin.createPartitions({ topicPartitions: [{ topic, count: 25 }] });
  await admin.disconnect();
  // The producer learns of them with its next metadata: a restart is the quick way there.
  await stop('order');
  await start('order');
  await eventually(async () => expect((await shop.cancel(ids[0])).status).toBe(202));
  for (const id of ids.slice(1)) expect((await shop.cancel(id)).status).toBe(202);
  await eventually(async () => expect(await shop.query('order', 'SELECT 1 FROM outbox')).toEqual([]));
  await Promise.all(PARTICIPANTS.map(start));

  await eventually(
    async () => {
      const payments = await shop.query('payment', `SELECT state, count(*)::int AS n FROM payments GROUP BY state`);
      expect(payments).toEqual([{ state: 'voided', n: ORDERS }]);
      const mails = await shop.query('email', `SELECT template, state, count(*)::int AS n FROM emails GROUP BY 1, 2`);
      expect(mails).toEqual([{ template: 'cancellation', state: 'sent', n: ORDERS }]);
    },
    { withinMs: 90_000 },
  );
  // Promise 3 cannot hold for a key that lies on two partitions; it is what the others are held without.
  expect((await shop.broken()).filter(({ promise }) => promise !== 3)).toEqual([]);
  const moved = await shop.query<{ n: number }>(
    'analytics',
    `SELECT count(*)::int AS n FROM (
       SELECT subject FROM facts WHERE topic = $1 GROUP BY subject HAVING count(DISTINCT partition) > 1) AS moved`,
    [topic],
  );
  expect(moved[0]!.n).toBeGreaterThan(0);
  const early = await shop.query('payment', 'SELECT 1 FROM early_cancellations');
  tell('partitions are added', { orders: ORDERS, 'on two partitions': moved[0]!.n, 'cancelled first': early.length });
}, 300_000);
