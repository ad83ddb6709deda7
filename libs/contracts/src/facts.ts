import { type FactContract, text } from '@cartwheel/messages';
import { z } from 'zod';

const id = z.uuid();
const sku = text(64);
const quantity = z.int().min(1).max(1_000_000);

export const Money = z.object({ amountMinor: z.int().nonnegative(), currency: z.string().regex(/^[A-Z]{3}$/) });

const personName = text(200).trim().min(1);

export const Customer = z.object({ name: personName, email: z.email().max(254) });

export const OrderLine = z.object({ sku, name: text(200), quantity, unitPrice: Money });

export const cancellationReasons = [
  'payment-declined',
  'stock-short',
  'timed-out',
  'capture-failed',
  'customer',
] as const;
export type CancellationReason = (typeof cancellationReasons)[number];

export const factTopics = ['order-events', 'payment-events', 'inventory-events'] as const;
export type FactTopic = (typeof factTopics)[number];

function announcedBy<S extends z.ZodType>(
  source: 'order' | 'payment' | 'inventory',
  version: number,
  schema: S,
): FactContract<FactTopic> & { readonly schema: S } {
  return { topic: `${source}-events`, source, version, schema };
}

const items = z.array(z.object({ sku, quantity })).min(1);

/** Every fact: who announces it (which decides the topic), its version, and the shape of its data. */
export const facts = {
  OrderPlaced: announcedBy(
    'order',
    1,
    z.object({
      orderId: id,
      customer: Customer,
      items: z.array(OrderLine).min(1).max(50),
      total: Money,
      paymentMethod: text(100),
    }),
  ),
  OrderConfirmed: announcedBy('order', 1, z.object({ orderId: id, total: Money })),
  OrderCompleted: announcedBy('order', 1, z.object({ orderId: id, total: Money })),
  OrderCancelled: announcedBy('order', 1, z.object({ orderId: id, reason: z.enum(cancellationReasons) })),
  RefundRequested: announcedBy('order', 1, z.object({ orderId: id, amount: Money })),
  OrderRefunded: announcedBy('order', 1, z.object({ orderId: id, amount: Money })),

  PaymentAuthorized: announcedBy('payment', 1, z.object({ orderId: id, paymentId: id, amount: Money })),
  PaymentDeclined: announcedBy('payment', 1, z.object({ orderId: id, paymentId: id, declineCode: text(100) })),
  PaymentReceived: announcedBy('payment', 1, z.object({ orderId: id, paymentId: id, amount: Money })),
  PaymentCaptureFailed: announcedBy('payment', 1, z.object({ orderId: id, paymentId: id, failureCode: text(100) })),
  PaymentVoided: announcedBy('payment', 1, z.object({ orderId: id, paymentId: id })),
  PaymentRefunded: announcedBy('payment', 1, z.object({ orderId: id, paymentId: id, amount: Money })),

  StockReserved: announcedBy('inventory', 1, z.object({ orderId: id, items })),
  StockRejected: announcedBy(
    'inventory',
    1,
    z.object({
      orderId: id,
      shortfall: z.array(z.object({ sku, requested: quantity, available: z.int().nonnegative() })).min(1),
    }),
  ),
  StockReleased: announcedBy('inventory', 1, z.object({ orderId: id, items })),
  StockShipped: announcedBy('inventory', 1, z.object({ orderId: id, items })),
  StockReturned: announcedBy('inventory', 1, z.object({ orderId: id, items })),
  /** About a product, not an order: its subject is the sku. */
  StockReplenished: announcedBy('inventory', 1, z.object({ sku, quantity })),
} as const;

export type FactType = keyof typeof facts;
export type FactData<T extends FactType> = z.infer<(typeof facts)[T]['schema']>;

export const factTypes = Object.keys(facts) as FactType[];

export type OrderPlaced = FactData<'OrderPlaced'>;
export type OrderConfirmed = FactData<'OrderConfirmed'>;
export type OrderCompleted = FactData<'OrderCompleted'>;
export type OrderCancelled = FactData<'OrderCancelled'>;
export type RefundRequested = FactData<'RefundRequested'>;
export type OrderRefunded = FactData<'OrderRefunded'>;
export type PaymentAuthorized = FactData<'PaymentAuthorized'>;
export type PaymentDeclined = FactData<'PaymentDeclined'>;
export type PaymentReceived = FactData<'PaymentReceived'>;
export type PaymentCaptureFailed = FactData<'PaymentCaptureFailed'>;
export type PaymentVoided = FactData<'PaymentVoided'>;
export type PaymentRefunded = FactData<'PaymentRefunded'>;
export type StockReserved = FactData<'StockReserved'>;
export type StockRejected = FactData<'StockRejected'>;
export type StockReleased = FactData<'StockReleased'>;
export type StockShipped = FactData<'StockShipped'>;
export type StockReturned = FactData<'StockReturned'>;
export type StockReplenished = FactData<'StockReplenished'>;
