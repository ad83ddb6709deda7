import type { FactData, FactType, TaskData, TaskType } from '@cartwheel/contracts';

const orderId = '0199d3a4-6f10-7c52-9d1e-2b7f0a4c8e11';
const paymentId = '0199d3a4-6f31-7a04-8c55-91d6b8e2f0a3';
const emailId = '0199d3a4-7012-7be0-a4f7-0c3d5e9b1a26';
const total = { amountMinor: 2_400, currency: 'EUR' };
const items = [{ sku: 'mug-blue', quantity: 2 }];

/** The data of one fact of each type, as it stands in Kafka. */
export const factExamples: { readonly [T in FactType]: FactData<T> } = {
  OrderPlaced: {
    orderId,
    customer: { name: 'Ada Moreau', email: 'ada@example.com' },
    items: [{ sku: 'mug-blue', name: 'Blue mug', quantity: 2, unitPrice: { amountMinor: 1_200, currency: 'EUR' } }],
    total,
    paymentMethod: 'pm_card_visa',
  },
  OrderConfirmed: { orderId, total },
  OrderCompleted: { orderId, total },
  OrderCancelled: { orderId, reason: 'payment-declined' },
  RefundRequested: { orderId, amount: total },
  OrderRefunded: { orderId, amount: total },
  PaymentAuthorized: { orderId, paymentId, amount: total },
  PaymentDeclined: { orderId, paymentId, declineCode: 'insufficient_funds' },
  PaymentReceived: { orderId, paymentId, amount: total },
  PaymentCaptureFailed: { orderId, paymentId, failureCode: 'do_not_honor' },
  PaymentVoided: { orderId, paymentId },
  PaymentRefunded: { orderId, paymentId, amount: total },
  StockReserved: { orderId, items },
  StockRejected: { orderId, shortfall: [{ sku: 'clock-oak', requested: 1, available: 0 }] },
  StockReleased: { orderId, items },
  StockShipped: { orderId, items },
  StockReturned: { orderId, items },
  StockReplenished: { sku: 'mug-blue', quantity: 100 },
};

/** The data of one task of each type. */
export const taskExamples: { readonly [T in TaskType]: TaskData<T> } = {
  AuthorizePayment: { orderId, paymentId },
  CapturePayment: { orderId, paymentId },
  VoidPayment: { orderId, paymentId },
  RefundPayment: { orderId, paymentId },
  SendEmail: { orderId, emailId, template: 'confirmation' },
};
