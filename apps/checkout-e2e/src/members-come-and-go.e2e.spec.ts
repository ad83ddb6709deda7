import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../../tools/stack/ports.ts';
import type { RunningProcess } from '../../../tools/stack/processes.ts';
import { customers } from './customers.ts';
import { tell } from './tell.ts';
import { testShop, type TestShop } from './test-shop.ts';

let shop: TestShop;
beforeAll(async () => {
  shop = await testShop({ LOG_LEVEL: 'info' });
}, 180_000);
afterAll(() => shop?.stop(), 60_000);

const EVERY_MS = 2_000;
const moves = [
  ['inventory', 'SIGKILL'],
  ['inventory', 'joins'],
  ['payment', 'SIGTERM'],
  ['payment', 'joins'],
  ['order', 'SIGKILL'],
  ['order', 'joins'],
  ['inventory', 'SIGTERM'],
  ['payment', 'SIGKILL'],
  ['inventory', 'joins'],
  ['payment', 'joins'],
] as const;

test('while instances come and go every two seconds, every order ends, once', async () => {
  type Instance = { process: RunningProcess; url: string };
  const start = async (name: (typeof moves)[number][0]): Promise<Instance> => {
    const port = (await freePorts())[name];
    return { process: await shop.startInstance(name, port), url: `http://127.0.0.1:${port}` };
  };
  const instancesOf = async (name: (typeof moves)[number][0]): Promise<Instance[]> => [
    { process: shop.instances[name], url: shop.target.urls[name] },
    await start(name),
  ];
  const [order, payment, inventory] = await Promise.all([
    instancesOf('order'),
    instancesOf('payment'),
    instancesOf('inventory'),
  ]);
  const members = { order, payment, inventory };
  using load = customers(() => members.order.map(({ url }) => url));

  const exits: unknown[] = [];
  for (const [name, move] of moves) {
    const next = sleep(EVERY_MS);
    if (move === 'joins') {
      members[name].push(await start(name));
    } else {
      // The one that has been there longest: it leads its relays, and its group.
      const { process: leaving } = members[name].shift()!;
      process.kill(leaving.pid, move);
      exits.push({ asked: move, ...(await leaving.exited) });
    }
    await next;
  }
  await load.stop();

  expect(exits).toEqual(
    moves
      .filter(([, move]) => move !== 'joins')
      .map(([, asked]) =>
        asked === 'SIGTERM' ? { asked, code: 0, signal: null } : { asked, code: null, signal: asked },
      ),
  );
  expect(await shop.broken()).toEqual([]);
  expect(await shop.orderIds()).toEqual(load.orderIds);
  tell('members come and go', {
    orders: load.orderIds.length,
    'joins and leaves': moves.length,
    'requests without an answer': load.refused,
    'duplicates absorbed': shop.logged('fact duplicate') + shop.logged('task duplicate'),
  });
}, 300_000);
