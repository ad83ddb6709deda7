import type { Addressee, Content } from './content.ts';
import { formatMoney, page } from './content.ts';

/** "Your order is confirmed": payment and stock are secured. */
export function confirmation({ orderId, name, items, total }: Addressee): Content {
  const lines = items.map((line) => `${line.quantity} × ${line.name} at ${formatMoney(line.unitPrice)}`);
  return page(`Your order ${orderId.slice(-8)} is confirmed`, [
    `Hello ${name},`,
    'thank you. We have your goods set aside and your payment is secured:',
    ...lines,
    `Total: ${formatMoney(total)}`,
    `Order ${orderId}`,
  ]);
}
