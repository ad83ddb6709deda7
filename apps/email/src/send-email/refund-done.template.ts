import { type Addressee, type Content, type Details, letter, shortId } from './content.ts';

/** "Your refund is done": the gateway has given the money back. */
export function refundDone(order: Addressee, { amount }: Details): Content {
  return letter(order, {
    subject: `Your refund for order ${shortId(order.orderId)} is done`,
    before: ['we have given your money back to the card you paid with:'],
    sum: { label: 'Refunded', amount },
    after: ['It may take your bank some days to show it.'],
  });
}
