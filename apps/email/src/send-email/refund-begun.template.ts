import { type Addressee, type Content, type Details, letter, shortId } from './content.ts';

/** "Your refund has begun": the gateway is asked to give the money back. */
export function refundBegun(order: Addressee, { amount }: Details): Content {
  return letter(order, {
    subject: `Your refund for order ${shortId(order.orderId)} has begun`,
    before: ['your order is cancelled, as you asked, and we are giving your money back to the card you paid with:'],
    sum: { label: 'To be refunded', amount },
    after: ['We write again as soon as it is done.'],
  });
}
