import { type ConsumerGroup, type FactType, factTypes } from '@cartwheel/contracts';

/** The fact types that each consumer group has a handler for; others it skips. A test holds this against the sources. */
export const handledTypes: Readonly<Record<ConsumerGroup, readonly FactType[]>> = {
  order: [
    'PaymentAuthorized',
    'PaymentDeclined',
    'PaymentReceived',
    'PaymentCaptureFailed',
    'StockReserved',
    'StockRejected',
  ],
  payment: ['OrderPlaced', 'OrderConfirmed', 'OrderCancelled'],
  inventory: ['OrderPlaced', 'OrderCompleted', 'OrderCancelled'],
  email: ['OrderPlaced', 'OrderConfirmed', 'OrderCancelled'],
  'analytics.facts': factTypes,
};

export const consumerGroups = Object.keys(handledTypes) as ConsumerGroup[];
