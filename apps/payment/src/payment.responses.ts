import { Money } from '@cartwheel/contracts';
import { z } from 'zod';
import { paymentStates } from './domain/payment.ts';

/** What HTTP answers about payments. Nothing personal: no card, no name. */

const instant = z.iso.datetime();

export const PaymentDetails = z
  .object({
    paymentId: z.uuid(),
    orderId: z.uuid(),
    state: z.enum(paymentStates),
    amount: Money,
    refunded: Money.nullable().describe('what went back, in the words of the gateway'),
    failureCode: z
      .string()
      .nullable()
      .describe('why it was declined or the capture failed, in the words of the gateway'),
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({ id: 'Payment' });

export const WebhookReceived = z.object({ received: z.literal(true) }).meta({ id: 'WebhookReceived' });
