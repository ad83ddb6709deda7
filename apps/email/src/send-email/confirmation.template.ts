import { type Addressee, type Content, letter, shortId } from './content.ts';

/** "Your order is confirmed": payment and stock are secured. */
export function confirmation(order: Addressee): Content {
  return letter(order, {
    subject: `Your order ${shortId(order.orderId)} is confirmed`,
    before: ['thank you. We have your goods set aside and your payment is secured:'],
    sum: { label: 'Total', amount: order.total },
    after: ['You will get a receipt as soon as your card is charged and your goods leave.'],
  });
}
