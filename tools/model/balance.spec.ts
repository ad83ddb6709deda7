import { expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { wrongAtRest } from './at-rest.ts';
import { cards } from './card-network.ts';
import type { Fate, StepFate } from './running.ts';
import { services, Shop } from './shop.ts';

jest.setTimeout(120_000);

const initial = { mug: 6, teapot: 3 };
const skus = Object.keys(initial);

const pick = fc.nat({ max: 20 });
const stepFate = fc.oneof(
  { weight: 5, arbitrary: fc.constant<StepFate>('works') },
  { weight: 1, arbitrary: fc.constantFrom<StepFate>('dies-before', 'dies-after') },
);
const fate = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Fate>('works') },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Fate>('dies-before', 'dies-after', 'answer-lost', 'away', 'fails', 'forgotten'),
  },
);
const cart = fc.uniqueArray(fc.record({ sku: fc.constantFrom(...skus), quantity: fc.integer({ min: 1, max: 3 }) }), {
  selector: ({ sku }) => sku,
  minLength: 1,
  maxLength: 2,
});

type Move = (shop: Shop) => unknown;
const named = (name: string, move: Move): Move => Object.assign(move, { [fc.toStringMethod]: () => name });
const onOrder = (shop: Shop, n: number, act: (orderId: string) => unknown) => {
  const orderId = shop.ids[n % shop.ids.length];
  return orderId === undefined ? undefined : act(orderId);
};

/** Commands, facts and what the outside does. Most moves let something go on; the others get in its way. */
const move = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(cart, fc.constantFrom(...cards, 'good' as const, 'good' as const))
      .map(([items, card]) => named(`place ${JSON.stringify(items)} ${card}`, (shop) => shop.place(items, card))),
  },
  {
    weight: 2,
    arbitrary: pick.map((n) => named(`cancel ${n}`, (shop) => onOrder(shop, n, (id) => shop.cancel(id)))),
  },
  {
    weight: 1,
    arbitrary: pick.map((n) => named(`time out ${n}`, (shop) => onOrder(shop, n, (id) => shop.timeOut(id)))),
  },
  {
    weight: 3,
    arbitrary: fc.array(fate, { minLength: 1, maxLength: 30, size: 'max' }).map((fates) =>
      named(`go on: ${fates.join(', ')}`, async (shop) => {
        for (const one of fates) await shop.goOn(one);
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(...skus)
      .map((sku) => named(`replenish ${sku}`, (shop) => shop.replenish({ sku, quantity: 1 }))),
  },
  {
    weight: 10,
    arbitrary: fc
      .tuple(fc.constantFrom(...services), fc.integer({ min: 0, max: 5 }))
      .map(([service, n]) =>
        named(`relay ${service}${n === 0 ? ', twice' : ''}`, (shop) => shop.relay(service, n === 0)),
      ),
  },
  {
    weight: 14,
    arbitrary: fc.tuple(pick, stepFate).map(([n, f]) => named(`deliver ${n} ${f}`, (shop) => shop.deliver(n, f))),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(pick, fc.integer({ min: 1, max: 3 }))
      .map(([n, by]) => named(`rewind ${n} by ${by}`, (shop) => shop.rewind(n, by))),
  },
  { weight: 1, arbitrary: fc.constant(named('add partitions', (shop) => shop.addPartitions())) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(pick, fc.integer({ min: 0, max: 2 }))
      .map(([n, m]) => named(`take ${n}${m === 0 ? ', twice' : ''}`, (shop) => shop.take(n, m === 0))),
  },
  {
    weight: 22,
    arbitrary: fc.tuple(pick, fate).map(([n, f]) => named(`step ${n} ${f}`, (shop) => shop.step(n, f))),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(pick, fc.boolean())
      .map(([n, twice]) => named(`webhook ${n}${twice ? ', twice' : ''}`, (shop) => shop.webhook(n, twice))),
  },
  { weight: 1, arbitrary: pick.map((n) => named(`expire ${n}`, (shop) => shop.expire(n))) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(pick, fc.constantFrom('succeeded' as const, 'failed' as const))
      .map(([n, as]) => named(`refund ${n} ${as}`, (shop) => shop.endRefund(n, as))),
  },
);

test('money and stock balance when all has come to rest, whatever was asked, repeated, lost and killed before', async () => {
  const reached = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(move, { maxLength: 120, size: 'max' }), async (moves) => {
      const shop = new Shop(initial);
      for (const act of moves) await act(shop);
      await shop.settle();
      expect(wrongAtRest(shop, initial)).toEqual([]);
      for (const id of shop.ids) {
        const order = shop.order(id);
        reached.add(order.status === 'cancelled' ? order.reason : order.status);
      }
    }),
    { numRuns: 2_000 },
  );
  // Moves that never get anywhere would prove nothing.
  const reasons = ['payment-declined', 'stock-short', 'timed-out', 'capture-failed', 'customer'];
  expect([...reached].toSorted()).toEqual([...reasons, 'completed', 'refunded'].toSorted());
});
