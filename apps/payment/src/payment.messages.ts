import { fact, type Message, task } from '@cartwheel/contracts';
import type { Payment } from './domain/payment.ts';

/** What entering a state announces, or asks a worker to do. */
export function toMessage(payment: Payment): Message {
  const { orderId, paymentId, amount, failureCode = 'unknown' } = payment;
  const ids = { orderId, paymentId };
  switch (payment.state) {
    case 'authorizing':
      return task('AuthorizePayment', orderId, ids);
    case 'authorized':
      return fact('PaymentAuthorized', orderId, { ...ids, amount });
    case 'declined':
      return fact('PaymentDeclined', orderId, { ...ids, declineCode: failureCode });
    case 'capturing':
      return task('CapturePayment', orderId, ids);
    case 'captured':
      return fact('PaymentReceived', orderId, { ...ids, amount });
    case 'capture_failed':
      return fact('PaymentCaptureFailed', orderId, { ...ids, failureCode });
    case 'voiding':
      return task('VoidPayment', orderId, ids);
    case 'voided':
      return fact('PaymentVoided', orderId, ids);
    case 'refunding':
      return task('RefundPayment', orderId, ids);
    case 'refunded':
      return fact('PaymentRefunded', orderId, { ...ids, amount: payment.refunded ?? amount });
  }
}
