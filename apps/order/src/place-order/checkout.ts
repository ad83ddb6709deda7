import { Customer, text } from '@cartwheel/contracts';
import { z } from 'zod';

const Item = z.object({ sku: text(64), quantity: z.int().min(1).max(1_000) });

/** The body of `POST /checkout`. */
export const Checkout = z
  .object({
    customer: Customer,
    items: z.array(Item).min(1).max(50),
    payment: z.object({
      paymentMethod: z
        .string()
        .regex(/^pm_[A-Za-z0-9_]{1,90}$/, 'must be a payment method such as pm_card_visa')
        // It would stand in the log of facts for ever. Only the gateway may have it.
        .refine((method) => !/\d{13}/.test(method), 'must not be a card number'),
    }),
  })
  .meta({ id: 'Checkout' });

export type Checkout = z.infer<typeof Checkout>;
