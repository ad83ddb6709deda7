import { z } from 'zod';

const id = z.uuid();
const payment = z.object({ orderId: id, paymentId: id });

export const mailTemplates = ['confirmation', 'cancellation', 'receipt', 'refund-begun', 'refund-done'] as const;
export type MailTemplate = (typeof mailTemplates)[number];

/**
 * Every task: the routing key that finds its queue, its version, and the shape of its data. A task says which row to
 * act on and nothing personal; the worker reads the rest from its own database.
 */
export const tasks = {
  AuthorizePayment: { queue: 'payment.card', routingKey: 'payment.card.authorize', version: 1, schema: payment },
  CapturePayment: { queue: 'payment.card', routingKey: 'payment.card.capture', version: 1, schema: payment },
  VoidPayment: { queue: 'payment.card', routingKey: 'payment.card.void', version: 1, schema: payment },
  RefundPayment: { queue: 'payment.card', routingKey: 'payment.card.refund', version: 1, schema: payment },
  SendEmail: {
    queue: 'email.message',
    routingKey: 'email.message.send',
    version: 1,
    schema: z.object({ orderId: id, emailId: id, template: z.enum(mailTemplates) }),
  },
} as const;

export type TaskType = keyof typeof tasks;
export type TaskData<T extends TaskType> = z.infer<(typeof tasks)[T]['schema']>;

export const taskQueues = ['payment.card', 'email.message'] as const;
export type TaskQueue = (typeof taskQueues)[number];

export type AuthorizePayment = TaskData<'AuthorizePayment'>;
export type CapturePayment = TaskData<'CapturePayment'>;
export type VoidPayment = TaskData<'VoidPayment'>;
export type RefundPayment = TaskData<'RefundPayment'>;
export type SendEmail = TaskData<'SendEmail'>;
