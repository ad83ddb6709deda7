import type { CancellationReason } from '@cartwheel/contracts';
import { type Addressee, type Content, type Details, letter, shortId } from './content.ts';

const BECAUSE: Record<CancellationReason, string> = {
  'payment-declined': 'we had to cancel your order: your card was declined.',
  'stock-short': 'we had to cancel your order: we do not have enough of what you ordered.',
  'timed-out': 'we had to cancel your order: we could not get all the answers we needed in time.',
  'capture-failed': 'we had to cancel your order: the payment could not be collected.',
  customer: 'we have cancelled your order, as you asked.',
};

/** "Your order was cancelled", and why. */
export function cancellation(order: Addressee, { reason }: Details): Content {
  return letter(order, {
    subject: `Your order ${shortId(order.orderId)} was cancelled`,
    before: [BECAUSE[reason as CancellationReason]],
    sum: { label: 'Not charged', amount: order.total },
    after: ['You were not charged. If there was a hold on your card, it is given back.'],
  });
}
