import { expect, test } from '@jest/globals';
import { decide } from '../verify.ts';
import { goodShop } from './good-shop.ts';

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

test('what is broken in a shop that is not at rest says so', () => {
  const shop = goodShop();
  shop.unrest = ['1 orders not ended'];
  shop.outboxes = [{ name: 'order to kafka', rows: 1 }];
  const told = decide(shop).filter(({ detail }) => detail.includes('not at rest'));
  expect(told.map(({ promise }) => promise)).toEqual([1, 7]);
});

test('a message that is personal in a header breaks the promise that cannot be proven here', () => {
  const shop = goodShop();
  shop.personal = ['order-events/0@3: header ce_subject'];
  expect(decide(shop).find(({ promise }) => promise === 12)).toMatchObject({ verdict: 'broken' });
});
