import { fact, type Message } from '@cartwheel/contracts';
import type { Order, OrderEvent } from './domain/order.ts';

/** What the other services hear of a domain event; of what the order only notes for itself they hear nothing. */
export function toMessage(order: Order, event: OrderEvent): Message | undefined {
  const { orderId, total } = order;
  switch (event.type) {
    case 'OrderPlaced': {
      const { type: _, ...placed } = event;
      return fact('OrderPlaced', orderId, { ...placed, items: [...placed.items] });
    }
    case 'OrderConfirmed':
      return fact('OrderConfirmed', orderId, { orderId, total });
    case 'OrderCompleted':
      return fact('OrderCompleted', orderId, { orderId, total });
    case 'OrderCancelled':
      return fact('OrderCancelled', orderId, { orderId, reason: event.reason });
    case 'RefundRequested':
      return fact('RefundRequested', orderId, { orderId, amount: total });
    case 'OrderRefunded':
      return fact('OrderRefunded', orderId, { orderId, amount: total });
    case 'CancellationRequested':
    case 'PaymentNoted':
    case 'StockNoted':
      return undefined;
  }
}
