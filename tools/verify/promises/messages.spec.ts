import { describe, expect, test } from '@jest/globals';
import { breaks } from '../fixtures/breaks.ts';
import { appliedOnce } from './applied-once.ts';
import { contractsAndCauses } from './contracts.ts';
import { bury, type GoodShop, goodShop, lose, record } from './good-shop.ts';
import { nothingLost } from './nothing-lost.ts';
import { oneEnd } from './one-end.ts';
import { orderPerKey } from './order-per-key.ts';

describe('no message lost or made up breaks when', () => {
  breaks(nothingLost, [
    ['a numbered fact is in no topic', (shop) => lose(shop, 'a3'), /payment-events a: lost number 1 of 2/],
    ['the last fact of a subject is in no topic', (shop) => lose(shop, 'a7'), /inventory-events a: lost number 2 of 2/],
    [
      'a fact has a number that was never given out',
      (shop) => (shop.sequences[0]!.last = 2),
      /a6 has number 3, given out were 2/,
    ],
    [
      'a subject was never numbered',
      (shop) => shop.sequences.shift(),
      /order-events a: OrderPlaced a1 was never numbered/,
    ],
    ['two facts have the same number', (shop) => (record(shop, 'a4').sequence = 1), /number 1 is a1 and a4/],
    [
      'an order announced what no topic holds',
      (shop) => (record(shop, 'a6').id = 'other'),
      /OrderCompleted of order a: its fact a6/,
    ],
    [
      'the topic holds what no order announced',
      (shop) => (record(shop, 'a6').id = 'other'),
      /OrderCompleted other announces no event/,
    ],
    [
      'a captured payment was not announced',
      (shop) => lose(shop, 'a5'),
      /order a: captured, shipped without PaymentReceived/,
    ],
    [
      'an announced payment was rolled back',
      (shop) => (shop.payments[0]!.state = 'capturing'),
      /PaymentReceived a5 of order a announces no change/,
    ],
    [
      'a reservation was not announced',
      (shop) => lose(shop, 'b2'),
      /order b: declined, released without StockReserved/,
    ],
    [
      'an announced reservation was rolled back',
      (shop) => shop.reservations.pop(),
      /StockReserved b2 of order b announces no change/,
    ],
    [
      'an outbox is not empty',
      (shop) => shop.outboxes.push({ name: 'order to kafka', rows: 3 }),
      /outbox of order to kafka: 3/,
    ],
  ]);

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

describe('each message applied once breaks when', () => {
  const again = (shop: GoodShop, id: string, other: string) => shop.records.push({ ...record(shop, id), id: other });
  breaks(appliedOnce, [
    [
      'a consumer never took a fact',
      (shop) => shop.processed.get('email')!.delete('a4'),
      /email has not applied OrderConfirmed a4 of a/,
    ],
    [
      'a projection never took a fact',
      (shop) => shop.processed.get('analytics.facts')!.delete('b5'),
      /analytics.facts has not applied/,
    ],
    [
      'a consumer took what no topic holds',
      (shop) => shop.processed.get('order')!.set('ghost', 1),
      /order has applied ghost/,
    ],
    [
      'one cause led to the same fact twice',
      (shop) => again(shop, 'a5', 'a5x'),
      /PaymentReceived of a caused by a4: 2 times/,
    ],
    [
      'an event stands twice in a stream',
      (shop) => shop.orders[0]!.events.push(shop.orders[0]!.events[1]!),
      /PaymentNoted in the stream of order a: 2 times/,
    ],
    [
      'stock moved twice for one order',
      (shop) => shop.movements.push(shop.movements[1]!),
      /mug reserved for order a: 2 times/,
    ],
    [
      'an order has two payments',
      (shop) => shop.payments.push({ ...shop.payments[0]!, paymentId: 'px' }),
      /order a: 2 payments/,
    ],
    ['an order has no payment', (shop) => shop.payments.pop(), /order b: 0 payments/],
    ['inventory answered nothing', (shop) => lose(shop, 'b2'), /order b: 0 answers of inventory/],
    [
      'the outcome of a task was recorded twice',
      (shop) => shop.tasks[1]!.attempts.push({ startedAt: 30, endedAt: 40, outcome: 'done' }),
      /CapturePayment ta2 of a was done 2 times/,
    ],
    [
      'a finished task was not recorded',
      (shop) => shop.processed.get('payment.card')!.delete('ta2'),
      /ta2 of a is done and not recorded/,
    ],
  ]);

  test('a fact that was published twice, or is dead, does not break it, nor do overlapping attempts', () => {
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

describe('order kept per key breaks when', () => {
  breaks(orderPerKey, [
    [
      'two facts of a key were published in the wrong order',
      (shop) => (record(shop, 'a1').offset = 99),
      /order-events a: number 1 was published after 3/,
    ],
    [
      'a key lies on two partitions',
      (shop) => (record(shop, 'a4').partition = 2),
      /order-events a lies on partitions 0, 2/,
    ],
    [
      'a consumer applied them in the wrong order',
      (shop) => shop.processed.get('inventory')!.set('a1', 99),
      /inventory applied OrderCompleted a6 before OrderPlaced a1/,
    ],
  ]);

  test('a batch that is published again after the crash of a relay does not break it', () => {
    const shop = goodShop();
    shop.records.push({ ...record(shop, 'a1'), offset: 98 }, { ...record(shop, 'a4'), offset: 99 });
    expect(orderPerKey(shop)).toMatchObject({ verdict: 'held' });
  });
});

describe('each message applied, parked or dead breaks when', () => {
  breaks(oneEnd, [
    [
      'a fact ended nowhere',
      (shop) => shop.processed.get('payment')!.delete('b4'),
      /b4 at payment: neither applied nor parked nor dead/,
    ],
    [
      'a task ended nowhere',
      (shop) => shop.processed.get('payment.card')!.delete('ta1'),
      /ta1 at payment.card: neither/,
    ],
    [
      'a fact is dead twice',
      (shop) => (bury(shop, 'email', 'b4'), bury(shop, 'email', 'b4')),
      /b4 at email: dead and dead/,
    ],
    [
      'a dead letter has no copy in its topic',
      (shop) => (bury(shop, 'email', 'b4'), shop.deadLetterCopies.clear()),
      /b4 is dead at email and not in order-events.email.dlq/,
    ],
    [
      'a dead letter was not claimed',
      (shop) => (bury(shop, 'email', 'b4'), shop.processed.get('email')!.delete('b4')),
      /would be applied if it came again/,
    ],
  ]);

  test('an operator discarded a message does not break it, nor that each is applied once', () => {
    const shop = goodShop();
    bury(shop, 'inventory', 'b1');
    shop.parked[0]!.state = 'discarded';
    shop.deadLetterCopies.clear();
    expect(oneEnd(shop)).toMatchObject({ verdict: 'held', detail: expect.stringContaining('0 dead, 1 discarded') });
    shop.records.splice(shop.records.indexOf(record(shop, 'b2')), 1);
    shop.processed.get('order')!.delete('b2');
    shop.processed.get('analytics.facts')!.delete('b2');
    shop.movements.splice(0);
    expect(appliedOnce(shop)).toMatchObject({ verdict: 'held' });
  });

  test('dead letters are counted as dead, also those that the broker gave up', () => {
    const shop = goodShop();
    bury(shop, 'email', 'b4');
    shop.processed.get('payment.card')!.delete('ta1');
    shop.queues[1]!.ready = 1;
    expect(oneEnd(shop)).toMatchObject({ verdict: 'held', detail: expect.stringContaining('0 parked, 2 dead') });
  });
});

describe('contracts kept, causes known breaks when', () => {
  breaks(contractsAndCauses, [
    [
      'a record breaks its contract',
      (shop) => shop.unreadable.push('order-events/0@7: no contract'),
      /order-events\/0@7/,
    ],
    [
      'a cause is in no topic',
      (shop) => (record(shop, 'a5').causationId = 'nowhere'),
      /PaymentReceived a5: its cause nowhere is in no topic/,
    ],
    ['a fact causes itself', (shop) => (record(shop, 'a1').causationId = 'a5'), /causes itself/],
    [
      'a cause is of another checkout',
      (shop) => (record(shop, 'a5').causationId = 'b1'),
      /a5: of another checkout than its cause/,
    ],
  ]);
});
