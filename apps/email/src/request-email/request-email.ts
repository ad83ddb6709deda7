import { Injectable } from '@nestjs/common';
import { type CancellationReason, type MailTemplate, task } from '@cartwheel/contracts';
import type { Tx } from '@cartwheel/outbox';
import { type Money, newId } from '@cartwheel/primitives';

@Injectable()
export class RequestEmail {
  /** Asks for one mail; for a second of the same order and template it does nothing. */
  async execute(
    tx: Tx,
    orderId: string,
    template: MailTemplate,
    { reason, amount }: { reason?: CancellationReason; amount?: Money } = {},
  ): Promise<void> {
    const emailId = newId();
    const requested = await tx.query(
      `INSERT INTO emails (email_id, order_id, template, reason, amount_minor, currency) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (order_id, template) DO NOTHING RETURNING email_id`,
      [emailId, orderId, template, reason ?? null, amount?.amountMinor ?? null, amount?.currency ?? null],
    );
    if (requested.length > 0) tx.emit(task('SendEmail', orderId, { orderId, emailId, template }));
  }
}
