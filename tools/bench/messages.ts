import { fact, headersOf, type Message, task } from '@cartwheel/contracts';
import { newId } from '@cartwheel/primitives';

const cause = { correlationId: newId(), causationId: `http:${newId()}` };

/** The largest of our facts in its usual size: a cart with two lines, 450 bytes of data and as many of headers. */
export function orderPlaced(): Message {
  const orderId = newId();
  const line = (sku: string) => ({
    sku,
    name: 'A mug',
    quantity: 1,
    unitPrice: { amountMinor: 1250, currency: 'EUR' },
  });
  return fact('OrderPlaced', orderId, {
    orderId,
    customer: { name: 'Ada Moreau', email: 'ada@example.com' },
    items: [line('mug-blue'), line('mug-green')],
    total: { amountMinor: 2500, currency: 'EUR' },
    paymentMethod: 'pm_card_visa',
  });
}

export function capturePayment(): Message {
  const orderId = newId();
  return task('CapturePayment', orderId, { orderId, paymentId: newId() });
}

/** As a broker is given a message. */
export function addressed(message: Message) {
  const headers = headersOf(message, 'bench', cause, message.kind === 'fact' ? 1 : undefined);
  return { key: message.subject, value: Buffer.from(JSON.stringify(message.data)), headers };
}
