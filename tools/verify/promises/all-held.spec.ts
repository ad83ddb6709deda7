import { describe, expect, test } from '@jest/globals';
import { decide, exitCodeOf } from '../verify.ts';
import { type GoodShop, goodShop } from './good-shop.ts';

test('a shop where all is well holds every promise, and says which one cannot be checked', () => {
  const verdicts = decide(goodShop());
  expect(verdicts.flatMap(({ offenders }) => offenders)).toEqual([]);
  expect(verdicts.filter(({ verdict }) => verdict !== 'held').map(({ promise }) => promise)).toEqual([12]);
  expect(verdicts.map(({ promise }) => promise)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0]);
});

test('an empty shop breaks nothing', () => {
  const shop = goodShop();
  for (const part of Object.values(shop)) if (part instanceof Map || part instanceof Set) part.clear();
  for (const part of [...Object.values(shop), ...Object.values(shop.projections)])
    if (Array.isArray(part)) part.length = 0;
  expect(decide(shop).filter(({ verdict }) => verdict === 'broken')).toEqual([]);
});

describe('in a shop that is not at rest', () => {
  const decided = (wanted: string, spoil: (shop: GoodShop) => unknown) => {
    const shop = goodShop();
    shop.unrest = ['1 orders not ended (−1.0 a second)'];
    spoil(shop);
    return decide(shop)
      .filter(({ verdict }) => verdict === wanted)
      .map(({ promise }) => promise);
  };

  test('what may only be late is not at rest, and not broken; why is said with the promise that orders end', () => {
    const isLate = (shop: GoodShop) => {
      shop.mailbox.pop();
      shop.emails[2]!.state = 'requested';
      shop.outboxes = [{ name: 'order to kafka', rows: 1 }];
      shop.processed.get('email')!.delete('a6');
      shop.analytics.delete('a6');
    };
    expect(decided('broken', isLate)).toEqual([]);
    expect(decided('not at rest', isLate)).toEqual([1, 2, 4, 7, 10, 0]);
  });

  test('what no later moment mends is broken all the same', () => {
    const isWrong = (shop: GoodShop) => {
      shop.ledger.push(shop.ledger[2]!);
      shop.answers[1] = shop.answers[0]!;
      shop.movements.push(shop.movements[1]!);
    };
    expect(decided('broken', isWrong)).toEqual([2, 5, 6, 9]);
  });

  test('that nothing else is open does not make it one that is', () => {
    expect(decided('not at rest', () => undefined)).toEqual([7]);
  });
});

test('a message that is personal in a header breaks the promise that cannot be proven here', () => {
  const shop = goodShop();
  shop.personal = ['order-events/0@3: header ce_subject'];
  expect(decide(shop).find(({ promise }) => promise === 12)).toMatchObject({ verdict: 'broken' });
});

test('broken, not at rest and held have exit codes of their own, and broken is told first', () => {
  const shop = goodShop();
  expect(exitCodeOf(decide(shop))).toBe(0);
  shop.unrest = ['1 mails not sent'];
  expect(exitCodeOf(decide(shop))).toBe(3);
  shop.ledger.push(shop.ledger[2]!);
  expect(exitCodeOf(decide(shop))).toBe(1);
});
