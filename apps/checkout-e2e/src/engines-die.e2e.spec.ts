import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually, testNamespace } from '@cartwheel/testing';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { claimFolder } from '../../../tools/stack/leftovers.ts';
import { thisMachine } from '../../../tools/stack/machine.ts';
import { type NativeStack, startNative } from '../../../tools/stack/native.ts';
import { silent } from '../../../tools/stack/progress.ts';
import { missingOn } from '../../../tools/stack/requirements.ts';
import { withFreePorts } from '../../../tools/stack/stack.ts';
import { customers } from './customers.ts';
import { tell } from './tell.ts';
import { testShop, type TestShop } from './test-shop.ts';

// Engines of its own, native ones: the others' tests go on. Where they cannot run, this one does not either.

const isPossible = process.platform !== 'win32' && missingOn(thisMachine, true).length === 0;
const folder = join(import.meta.dirname, '../../../.cartwheel/test', testNamespace());
let stack: NativeStack;
let shop: TestShop;

beforeAll(async () => {
  if (!isPossible) return;
  await claimFolder(folder);
  stack = await withFreePorts((ports) => startNative({ folder, ports, progress: silent }));
  shop = await testShop({ LOG_LEVEL: 'info' }, stack.addresses);
}, 120_000);
afterAll(async () => {
  await shop?.stop();
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const onNativeEngines = isPossible ? test : test.skip;

onNativeEngines(
  'when Kafka, PostgreSQL and RabbitMQ are killed one after the other, every order that was taken ends',
  async () => {
    using load = customers(() => [shop.target.urls.order], { perSecond: 8 });
    const goesOn = async () => {
      const before = load.orderIds.length;
      await eventually(() => expect(load.orderIds.length).toBeGreaterThan(before + 10));
    };

    // RabbitMQ comes last: a quorum queue that was declared a second before a SIGKILL may not survive it.
    for (const engine of ['kafka', 'postgres', 'rabbitmq'] as const) {
      await goesOn();
      await stack.kill(engine);
      // PostgreSQL refuses until the last process of the one that was killed has noticed.
      await eventually(() => stack.startAgain(engine));
    }
    await goesOn();
    await load.stop();

    expect(await shop.broken()).toEqual([]);
    expect(await shop.orderIds()).toEqual(load.orderIds);
    tell('engines die', {
      orders: load.orderIds.length,
      'requests without an answer': load.refused,
      'duplicates absorbed': shop.logged('fact duplicate') + shop.logged('task duplicate'),
    });
  },
  300_000,
);
