import { type Delivery, fact, type FactData, type FactType, headersOf } from '@cartwheel/contracts';
import { newId } from '@cartwheel/primitives';

/** How an order can go. `capture-failed`: it was confirmed, and cancelled after that. */
export const orderLives = ['cancelled', 'capture-failed', 'completed', 'refunded'] as const;
export type OrderLife = (typeof orderLives)[number];

const TYPES = {
  cancelled: ['OrderPlaced', 'OrderCancelled'],
  'capture-failed': ['OrderPlaced', 'OrderConfirmed', 'OrderCancelled'],
  completed: ['OrderPlaced', 'OrderConfirmed', 'OrderCompleted'],
  refunded: ['OrderPlaced', 'OrderConfirmed', 'OrderCompleted', 'RefundRequested', 'OrderRefunded'],
} as const satisfies Record<OrderLife, readonly FactType[]>;

let offset = 0;

/** All that the order service tells of one order, as a Kafka strategy hands it over, in the order in which it happens. */
export function orderFacts(life: OrderLife, { orderId = newId(), sku = 'mug', quantity = 1 } = {}): Delivery[] {
  const total = { amountMinor: 700 * quantity, currency: 'EUR' };
  const unitPrice = { amountMinor: 700, currency: 'EUR' };
  const data: { readonly [T in FactType]?: FactData<T> } = {
    OrderPlaced: {
      orderId,
      customer: { name: 'Ada', email: 'ada@example.com' },
      items: [{ sku, name: sku, quantity, unitPrice }],
      total,
      paymentMethod: 'pm_card_visa',
    },
    OrderConfirmed: { orderId, total },
    OrderCompleted: { orderId, total },
    OrderCancelled: { orderId, reason: life === 'cancelled' ? 'customer' : 'capture-failed' },
    RefundRequested: { orderId, amount: total },
    OrderRefunded: { orderId, amount: total },
  };
  const correlationId = newId();
  return TYPES[life].map((type, index) => {
    const message = fact(type, orderId, data[type]!);
    const cause = { correlationId, causationId: `http:${newId()}` };
    return {
      source: 'kafka',
      topic: 'order-events',
      partition: 0,
      offset: String((offset += 1)),
      timestamp: message.time,
      key: Buffer.from(orderId),
      headers: headersOf(message, 'order', cause, index + 1),
      value: Buffer.from(JSON.stringify(message.data)),
    };
  });
}
