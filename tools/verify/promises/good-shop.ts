import { evolve, type OrderEvent, place } from '../../../apps/order/src/domain/order.ts';
import type { EmailRow, Evidence, FactRecord, OrderRow } from '../evidence.ts';
import { handledTypes } from '../handled-types.ts';

/**
 * What is read of a small shop where all is well: order `a` of two mugs was completed, order `b` of one mug was cancelled
 * because its card was declined. A spec spoils one thing and asks the promise.
 */
export type GoodShop = { -readonly [K in keyof Evidence]: Writable<Evidence[K]> };
type Writable<T> =
  T extends ReadonlyMap<infer K, infer V>
    ? Map<K, Writable<V>>
    : T extends ReadonlySet<infer V>
      ? Set<V>
      : T extends readonly (infer V)[]
        ? Writable<V>[]
        : T extends object
          ? { -readonly [K in keyof T]: Writable<T[K]> }
          : T;

/** Topic, subject, type, id, and the id of its cause. */
const log: readonly [string, string, FactRecord['type'], string, string][] = [
  ['order-events', 'a', 'OrderPlaced', 'a1', 'http:a'],
  ['order-events', 'b', 'OrderPlaced', 'b1', 'http:b'],
  ['inventory-events', 'a', 'StockReserved', 'a2', 'a1'],
  ['payment-events', 'a', 'PaymentAuthorized', 'a3', 'a1'],
  ['inventory-events', 'b', 'StockReserved', 'b2', 'b1'],
  ['payment-events', 'b', 'PaymentDeclined', 'b3', 'b1'],
  ['order-events', 'a', 'OrderConfirmed', 'a4', 'a3'],
  ['payment-events', 'a', 'PaymentReceived', 'a5', 'a4'],
  ['order-events', 'b', 'OrderCancelled', 'b4', 'b3'],
  ['order-events', 'a', 'OrderCompleted', 'a6', 'a5'],
  ['inventory-events', 'b', 'StockReleased', 'b5', 'b4'],
  ['inventory-events', 'a', 'StockShipped', 'a7', 'a6'],
];

export function goodShop(): GoodShop {
  const records = log.map(([topic, subject, type, id, causationId], index): FactRecord => ({
    id,
    type,
    topic,
    partition: subject === 'a' ? 0 : 1,
    offset: index,
    subject,
    sequence: 1 + log.slice(0, index).filter((line) => line[0] === topic && line[1] === subject).length,
    correlationId: `checkout-${subject}`,
    causationId,
    time: new Date(Date.UTC(2026, 0, 2) + index * 1_000).toISOString(),
    data: dataOf(type, subject),
  }));
  const at = (id: string) => records.findIndex((record) => record.id === id);
  const processed = Object.entries(handledTypes).map(([group, types]): [string, Map<string, number>] => [
    group,
    new Map(records.filter(({ type }) => types.includes(type)).map(({ id }) => [id, at(id)])),
  ]);
  const done = (id: string, type: string, subject: string, queue: 'payment.card' | 'email.message') => ({
    id,
    type,
    subject,
    queue,
    attempts: [{ startedAt: 10, endedAt: 20, outcome: 'done' }],
  });
  const shop: Evidence = {
    unrest: [],
    orders: [
      order('a', 2, [['PaymentNoted'], ['StockNoted'], ['OrderConfirmed', 'a4'], ['OrderCompleted', 'a6']]),
      order('b', 1, [['StockNoted'], ['OrderCancelled', 'b4']]),
    ],
    answers: [
      { orderId: 'a', totalMinor: 2_400 },
      { orderId: 'b', totalMinor: 1_200 },
    ],
    payments: [
      { paymentId: 'pa', orderId: 'a', state: 'captured', amountMinor: 2_400, currency: 'EUR' },
      { paymentId: 'pb', orderId: 'b', state: 'declined', amountMinor: 1_200, currency: 'EUR' },
    ],
    stock: [{ sku: 'mug', available: 3, reserved: 0, shipped: 2 }],
    movements: [
      { sku: 'mug', orderId: null, kind: 'initial', available: 5, reserved: 0, shipped: 0, recent: true },
      { sku: 'mug', orderId: 'a', kind: 'reserved', available: -2, reserved: 2, shipped: 0, recent: true },
      { sku: 'mug', orderId: 'b', kind: 'reserved', available: -1, reserved: 1, shipped: 0, recent: true },
      { sku: 'mug', orderId: 'b', kind: 'released', available: 1, reserved: -1, shipped: 0, recent: true },
      { sku: 'mug', orderId: 'a', kind: 'shipped', available: 0, reserved: -2, shipped: 2, recent: true },
    ],
    reservations: [
      { orderId: 'a', sku: 'mug', quantity: 2, state: 'shipped' },
      { orderId: 'b', sku: 'mug', quantity: 1, state: 'released' },
    ],
    replenishments: [],
    emails: [
      mail('ea', 'a', 'confirmation', 50_000),
      mail('eb', 'b', 'cancellation', 51_000),
      mail('ec', 'a', 'receipt', 52_000),
    ],
    mailbox: [
      { emailId: 'ea', at: 50_000 },
      { emailId: 'eb', at: 51_000 },
      { emailId: 'ec', at: 52_000 },
    ],
    ledger: [
      { intentId: 'pi_a', metadata: { orderId: 'a' }, operation: 'authorize', amountMinor: 2_400, currency: 'EUR' },
      { intentId: 'pi_b', metadata: { orderId: 'b' }, operation: 'decline', amountMinor: 1_200, currency: 'EUR' },
      { intentId: 'pi_a', metadata: { orderId: 'a' }, operation: 'capture', amountMinor: 2_400, currency: 'EUR' },
    ],
    records,
    unreadable: [],
    personal: [],
    looked: 100,
    deadLetterCopies: new Set(),
    sequences: [...Map.groupBy(records, ({ topic, subject }) => `${topic} ${subject}`).values()].map((own) => ({
      topic: own[0]!.topic,
      subject: own[0]!.subject,
      last: own.length,
    })),
    outboxes: [],
    processed: new Map([
      ...processed,
      [
        'payment.card',
        new Map([
          ['ta1', 1],
          ['ta2', 2],
          ['tb1', 3],
        ]),
      ],
      [
        'email.message',
        new Map([
          ['ma', 1],
          ['mb', 2],
          ['mc', 3],
        ]),
      ],
    ]),
    parked: [],
    tasks: [
      done('ta1', 'AuthorizePayment', 'a', 'payment.card'),
      done('ta2', 'CapturePayment', 'a', 'payment.card'),
      done('tb1', 'AuthorizePayment', 'b', 'payment.card'),
      done('ma', 'SendEmail', 'a', 'email.message'),
      done('mb', 'SendEmail', 'b', 'email.message'),
      done('mc', 'SendEmail', 'a', 'email.message'),
    ],
    queues: [
      { name: 'payment.card', queue: 'payment.card', ready: 0, isDead: false },
      { name: 'payment.card.dead', queue: 'payment.card', ready: 0, isDead: true },
    ],
    analytics: new Map(
      records.map(({ id, type, subject, topic, partition, offset, time, correlationId, causationId }) => [
        id,
        { type, subject, topic, partition, offset, time, correlationId, causationId },
      ]),
    ),
    analyticsTwice: [],
    projections: projected(),
  };
  return shop as GoodShop;
}

/** As far as projections read it. */
function dataOf(type: FactRecord['type'], orderId: string): unknown {
  const quantity = orderId === 'a' ? 2 : 1;
  const total = { amountMinor: quantity * 1_200, currency: 'EUR' };
  const items = [{ sku: 'mug', quantity, unitPrice: { amountMinor: 1_200, currency: 'EUR' } }];
  if (type === 'OrderPlaced') return { orderId, items, total };
  return type === 'OrderCancelled' ? { orderId, reason: 'payment-declined' } : { orderId, total };
}

function projected(): GoodShop['projections'] {
  const day = '2026-01-02';
  const funnel = { placed_on: day, refunded: false };
  return {
    sales: [{ day, currency: 'EUR', orders: 1, revenue_minor: 2_400, refunds: 0, refunded_minor: 0 }],
    funnel: [
      { order_id: 'a', ...funnel, confirmed: true, completed: true, cancellation_reason: null },
      { order_id: 'b', ...funnel, confirmed: false, completed: false, cancellation_reason: 'payment-declined' },
    ],
    'top-products': [
      { order_id: 'a', sku: 'mug', currency: 'EUR', quantity: 2, revenue_minor: 2_400, completed_on: day },
    ],
    completion: [
      { order_id: 'a', placed_at: `${day}T00:00:00.000Z`, completed_on: day, took_ms: 9_000 },
      { order_id: 'b', placed_at: `${day}T00:00:01.000Z`, completed_on: null, took_ms: null },
    ],
  };
}

function mail(emailId: string, orderId: string, template: string, requestedAt: number): EmailRow {
  return { emailId, orderId, template, state: 'sent', requestedAt, ambiguousSends: 0 };
}

/** Events after OrderPlaced, each with the id of its fact if it has one. */
function order(orderId: string, quantity: number, later: readonly [string, string?][]): OrderRow {
  const unitPrice = { amountMinor: 1_200, currency: 'EUR' };
  const items = [{ sku: 'mug', name: 'Mug', quantity, unitPrice }];
  const { events } = place({
    orderId,
    customer: { name: 'Ada', email: 'ada@example.com' },
    items,
    paymentMethod: 'pm_card_visa',
  });
  const following = later.map(
    ([type]) => ({ type, ...(type === 'OrderCancelled' ? { reason: 'payment-declined' } : {}) }) as OrderEvent,
  );
  const all = [...events, ...following];
  const state = all.slice(1).reduce((before, event) => evolve(before, event), evolve(undefined, all[0]!));
  const factIds = [`${orderId}1`, ...later.map(([, factId]) => factId ?? null)];
  return {
    orderId,
    version: all.length,
    status: state.status,
    state,
    recent: true,
    events: all.map((event, index) => ({ version: index + 1, event, factId: factIds[index] ?? null })),
  };
}

/** The record of a fact, to spoil. */
export function record(shop: GoodShop, id: string): GoodShop['records'][number] {
  const found = shop.records.find((candidate) => candidate.id === id);
  if (!found) throw new Error(`the good shop has no fact ${id}`);
  return found;
}

/** Takes a fact out of its topic. */
export function lose(shop: GoodShop, id: string): void {
  shop.records = shop.records.filter((candidate) => candidate.id !== id);
}

/** Sets a fact aside as a dead letter of a consumer. */
export function bury(shop: GoodShop, consumer: string, id: string): void {
  const { topic, partition, offset, subject } = record(shop, id);
  shop.parked.push({ consumer, id, source: 'kafka', topic, partition, offset, state: 'dead', subject });
  shop.deadLetterCopies.add(`${consumer} ${topic} ${partition} ${offset}`);
}

/** Sets a task aside as a dead letter of its queue. */
export function buryTask(shop: GoodShop, id: string): void {
  const { queue, subject } = shop.tasks.find((task) => task.id === id)!;
  const row = {
    consumer: queue,
    id,
    source: 'rabbitmq' as const,
    topic: queue,
    partition: null,
    offset: null,
    subject,
  };
  shop.parked.push({ ...row, state: 'dead' });
}

/** Order `a` is given back, of which the gateway has paid `amountMinor`. */
export function refund(shop: GoodShop, amountMinor: number, status: 'refunding' | 'refunded' = 'refunded'): true {
  shop.orders[0]!.status = status;
  shop.payments[0]!.state = status;
  if (amountMinor > 0) shop.ledger.push({ ...shop.ledger[2]!, operation: 'refund', amountMinor });
  return true;
}

/** Order `a` is cancelled by a fact in this partition; its customer was told so, and never that it was confirmed. */
export function cancelUnconfirmed(shop: GoodShop, partition: number): void {
  const event = { type: 'OrderCancelled', reason: 'capture-failed' } as const;
  shop.orders[0]!.events.push({ version: 6, event, factId: 'a8' });
  shop.records.push({ ...record(shop, 'a4'), id: 'a8', type: 'OrderCancelled', partition });
  shop.emails[0]!.template = 'cancellation';
}

/** Its goods are back in stock. */
export function giveBack(shop: GoodShop): void {
  shop.reservations[0]!.state = 'returned';
  shop.movements.push({ ...shop.movements.at(-1)!, kind: 'returned', available: 2, reserved: 0, shipped: -2 });
  shop.stock[0] = { sku: 'mug', available: 5, reserved: 0, shipped: 0 };
}

/** The gateway holds money for order `b` under one more intent. */
export function hold(shop: GoodShop, intentId: string): void {
  shop.ledger.push({ ...shop.ledger[1]!, intentId, operation: 'authorize' });
}
