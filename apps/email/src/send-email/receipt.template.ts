import { type Addressee, type Content, letter, shortId } from './content.ts';

/** "Your receipt": the money is taken, the goods leave. */
export function receipt(order: Addressee): Content {
  return letter(order, {
    subject: `Your receipt for order ${shortId(order.orderId)}`,
    before: ['your card has been charged, and your goods are on their way:'],
    sum: { label: 'Paid', amount: order.total },
    after: ['Please keep this mail: it is your receipt.'],
  });
}
