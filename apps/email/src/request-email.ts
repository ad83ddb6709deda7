import { Injectable } from '@nestjs/common';
import { type CancellationReason, type MailTemplate, task } from '@cartwheel/contracts';
import type { Tx } from '@cartwheel/outbox';
import { type Money, newId } from '@cartwheel/primitives';
import { AddresseeEntity } from './addressee.entity.ts';
import { EmailEntity } from './email.entity.ts';

/**
 * Asks for mails, in whatever order the facts come that ask for them: when partitions are added to the topic, any fact of an
 * order may be read before its OrderPlaced.
 */
@Injectable()
export class RequestEmail {
  /**
   * Asks for one mail; for a second of the same order and template it does nothing. The mail of an order whose OrderPlaced is
   * still to come waits for it. An order that is cancelled is not confirmed any more.
   */
  async execute(
    tx: Tx,
    orderId: string,
    template: MailTemplate,
    { reason, amount }: { reason?: CancellationReason; amount?: Money } = {},
  ): Promise<void> {
    const emailId = newId();
    const [requested] = await tx.query<{ has_address: boolean }>(
      `INSERT INTO emails (email_id, order_id, template, reason, amount_minor, currency)
       SELECT $1, $2, $3, $4, $5, $6 WHERE $3 <> 'confirmation'
         OR NOT EXISTS (SELECT FROM emails WHERE order_id = $2 AND template = 'cancellation')
       ON CONFLICT (order_id, template) DO NOTHING
       RETURNING EXISTS (SELECT FROM addressees WHERE order_id = $2) AS has_address`,
      [emailId, orderId, template, reason ?? null, amount?.amountMinor ?? null, amount?.currency ?? null],
    );
    if (requested?.has_address) tx.emit(task('SendEmail', orderId, { orderId, emailId, template }));
  }

  /** Keeps what the order's mails need, and sends on their way those that waited for it. */
  async remember(tx: Tx, addressee: AddresseeEntity): Promise<void> {
    const { orderId } = addressee;
    await tx.manager.insert(AddresseeEntity, addressee);
    const inOrder = { requestedAt: 'ASC', emailId: 'ASC' } as const;
    const waiting = await tx.manager.find(EmailEntity, { where: { orderId }, order: inOrder });
    for (const { emailId, template } of waiting) tx.emit(task('SendEmail', orderId, { orderId, emailId, template }));
  }
}
