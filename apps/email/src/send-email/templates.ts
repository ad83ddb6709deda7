import type { MailTemplate } from '@cartwheel/contracts';
import { cancellation } from './cancellation.template.ts';
import { confirmation } from './confirmation.template.ts';
import type { Addressee, Content, Details } from './content.ts';
import { receipt } from './receipt.template.ts';
import { refundBegun } from './refund-begun.template.ts';
import { refundDone } from './refund-done.template.ts';

/** One per milestone of an order. */
export const templates: Readonly<Record<MailTemplate, (order: Addressee, details: Details) => Content>> = {
  confirmation,
  receipt,
  cancellation,
  'refund-begun': refundBegun,
  'refund-done': refundDone,
};
