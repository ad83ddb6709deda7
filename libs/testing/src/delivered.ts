import { type Delivery, fact, headersOf } from '@cartwheel/contracts';
import { newId } from '@cartwheel/primitives';

let offset = 0;

/** A fact about this order as a Kafka strategy hands it over; `change` spoils it. */
export function deliveredFact(orderId: string = newId(), change: Partial<Delivery> = {}): Delivery {
  const message = fact('OrderCancelled', orderId, { orderId, reason: 'timed-out' });
  const cause = { correlationId: newId(), causationId: `http:${newId()}` };
  return {
    source: 'kafka',
    topic: 'order-events',
    partition: 0,
    offset: String((offset += 1)),
    timestamp: '2026-01-02T03:04:05.678Z',
    key: Buffer.from(orderId),
    headers: headersOf(message, 'order', cause, 1),
    value: Buffer.from(JSON.stringify(message.data)),
    ...change,
  };
}
