import { describe, expect, test } from '@jest/globals';
import { appliedOnce } from './applied-once.ts';
import { bury, goodShop, lose, record } from './good-shop.ts';
import { nothingLost } from './nothing-lost.ts';
import { oneEnd } from './one-end.ts';
import { orderPerKey } from './order-per-key.ts';

describe('no message is lost', () => {
  test.each([
    ['payment-events', 'a5', 'a'],
    ['order-events', 'a6', 'a'],
    ['inventory-events', 'b2', 'b'],
  ])('a fact is lost, but not when the relay has set it aside: %s %s', (topic, id, subject) => {
    const shop = goodShop();
    const { sequence } = record(shop, id);
    lose(shop, id);
    expect(nothingLost(shop)).toMatchObject({ verdict: 'broken' });
    shop.parked.push({
      ...{ consumer: 'relay', id, source: 'kafka', topic, partition: null, offset: null },
      ...{ state: 'dead', subject, sequence: sequence! },
    });
    expect(nothingLost(shop)).toMatchObject({ verdict: 'held' });
    expect(oneEnd(shop)).toMatchObject({ verdict: 'held' });
  });
});

describe('each message applied once', () => {
  test('is not broken by a fact that was published twice, or is dead, nor by overlapping attempts', () => {
    const shop = goodShop();
    shop.records.push({ ...record(shop, 'a4'), offset: 99 });
    bury(shop, 'email', 'b4');
    shop.processed.get('email')!.delete('b4');
    shop.tasks[0]!.attempts.push({ startedAt: 15, endedAt: 25, outcome: 'duplicate' });
    expect(appliedOnce(shop)).toMatchObject({
      verdict: 'held',
      detail: expect.stringContaining('1 facts published again'),
    });
  });
});

describe('order kept per key', () => {
  test('is not broken by a batch that is published again after the crash of a relay', () => {
    const shop = goodShop();
    shop.records.push({ ...record(shop, 'a1'), offset: 98 }, { ...record(shop, 'a4'), offset: 99 });
    expect(orderPerKey(shop)).toMatchObject({ verdict: 'held' });
  });
});

describe('each message applied, parked or dead', () => {
  test('is not broken by a message that an operator discarded, nor is that each is applied once', () => {
    const shop = goodShop();
    bury(shop, 'inventory', 'b1');
    shop.parked[0]!.state = 'discarded';
    shop.deadLetterCopies.clear();
    shop.records.splice(shop.records.indexOf(record(shop, 'b2')), 1);
    shop.processed.get('order')!.delete('b2');
    shop.processed.get('analytics.facts')!.delete('b2');
    shop.movements.splice(0);
    expect(oneEnd(shop)).toMatchObject({ verdict: 'held', detail: expect.stringContaining('0 dead, 1 discarded') });
    expect(appliedOnce(shop)).toMatchObject({ verdict: 'held' });
  });

  test('counts dead letters as dead, also those that the broker gave up', () => {
    const shop = goodShop();
    bury(shop, 'email', 'b4');
    shop.processed.get('payment.card')!.delete('ta1');
    shop.queues[1]!.ready = 1;
    expect(oneEnd(shop)).toMatchObject({ verdict: 'held', detail: expect.stringContaining('0 parked, 2 dead') });
  });
});
