import { type ConsumerGroup, type FactType, factTypes } from '@cartwheel/contracts';

/** The fact types that each consumer group has a handler for; others it skips. A test holds this against the sources. */
export const handledTypes: Readonly<Record<ConsumerGroup, readonly FactType[]>> = {
  order: [
    'PaymentAuthorized',
    'PaymentDeclined',
    'PaymentReceived',
    'PaymentCaptureFailed',
    'PaymentRefunded',
    'StockReserved',
    'StockRejected',
  ],
  inventory: ['OrderPlaced', 'OrderCompleted', 'OrderCancelled', 'OrderRefunded'],
  payment: ['OrderPlaced', 'OrderConfirmed', 'OrderCancelled', 'RefundRequested'],
  email: ['OrderPlaced', 'OrderConfirmed', 'OrderCompleted', 'OrderCancelled', 'RefundRequested', 'OrderRefunded'],
  'analytics.facts': factTypes,
  'analytics.sales': ['OrderCompleted', 'OrderRefunded'],
  'analytics.funnel': ['OrderPlaced', 'OrderConfirmed', 'OrderCompleted', 'OrderRefunded', 'OrderCancelled'],
  'analytics.top-products': ['OrderPlaced', 'OrderCompleted', 'OrderCancelled'],
  'analytics.completion': ['OrderPlaced', 'OrderCompleted'],
};

export const consumerGroups = Object.keys(handledTypes) as ConsumerGroup[];
