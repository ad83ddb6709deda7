import type { Addressee, Content } from './content.ts';
import { page } from './content.ts';

const BECAUSE: Record<string, string> = {
  'payment-declined': 'your card was declined.',
  'stock-short': 'we do not have enough of what you ordered.',
  'timed-out': 'we could not get all the answers we needed in time.',
  'capture-failed': 'the payment could not be collected.',
};

/** "Your order was cancelled", and why. */
export function cancellation({ orderId, name }: Addressee, reason: string | null): Content {
  return page(`Your order ${orderId.slice(-8)} was cancelled`, [
    `Hello ${name},`,
    `we had to cancel your order: ${BECAUSE[reason ?? ''] ?? 'it could not be completed.'}`,
    'You were not charged; a hold on your card is given back.',
    `Order ${orderId}`,
  ]);
}
