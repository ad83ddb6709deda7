import { cancellationReasons, Money, OrderLine } from '@cartwheel/contracts';
import type { StoredEvent } from '@cartwheel/event-store';
import { DomainError } from '@cartwheel/primitives';
import { z } from 'zod';
import type { Order, OrderEvent } from './domain/order.ts';

/** What HTTP answers about orders. Nothing personal: whoever knows an id may ask. */

const orderStatuses = ['placed', 'confirmed', 'completed', 'refunding', 'refunded', 'cancelled'] as const;
const instant = z.iso.datetime();

export const OrderStatus = z
  .object({
    orderId: z.uuid(),
    status: z.enum(orderStatuses),
    /** A customer asked to cancel while the money was being taken; the answer to that decides. */
    cancellationRequested: z.literal(true).optional(),
    cancellationReason: z.enum(cancellationReasons).optional(),
  })
  .meta({ id: 'OrderStatus' });

/** The answer to `POST /checkout`; it is stored, and repeated word for word. */
export const Receipt = z
  .object({ orderId: z.uuid(), status: z.literal('placed'), total: Money })
  .meta({ id: 'Receipt' });

export const OrderDetails = OrderStatus.extend({
  items: z.array(OrderLine),
  total: Money,
  placedAt: instant,
  updatedAt: instant,
}).meta({ id: 'Order' });

export const OrderList = z
  .object({
    orders: z.array(OrderDetails),
    /** `after` of the next page; absent on the last. */
    next: z.uuid().optional(),
  })
  .meta({ id: 'OrderList' });

export const OrderHistoryEntry = z
  .object({
    /** 1, 2, 3 …; the id of the event in the stream. */
    version: z.int().min(1),
    type: z.string(),
    occurredAt: instant,
    cancellationReason: z.enum(cancellationReasons).optional(),
  })
  .meta({ id: 'OrderHistoryEntry' });

export const OrderHistory = z
  .object({ orderId: z.uuid(), history: z.array(OrderHistoryEntry) })
  .meta({ id: 'OrderHistory' });

export function orderNotFound(): DomainError {
  return new DomainError('order-not-found', 'There is no order with this id.', 404);
}

export function toOrderStatus(order: Order): z.infer<typeof OrderStatus> {
  return {
    orderId: order.orderId,
    status: order.status,
    ...(order.status === 'confirmed' && order.cancellationRequested ? { cancellationRequested: true } : {}),
    ...(order.status === 'cancelled' ? { cancellationReason: order.reason } : {}),
  };
}

export function toOrderDetails(order: Order, placedAt: Date, updatedAt: Date): z.infer<typeof OrderDetails> {
  return {
    ...toOrderStatus(order),
    items: [...order.items],
    total: order.total,
    placedAt: placedAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}

export function toHistoryEntry({ version, occurredAt, event }: StoredEvent<OrderEvent>) {
  const entry = { version, type: event.type, occurredAt: occurredAt.toISOString() };
  return event.type === 'OrderCancelled' ? { ...entry, cancellationReason: event.reason } : entry;
}
