import { Injectable } from '@nestjs/common';
import { mailDomain } from '@cartwheel/contracts';
import type { Queryable } from '@cartwheel/postgres';
import { money } from '@cartwheel/primitives';
import { config } from '../config.ts';
import type { Mail } from '../mailer/mailer.ts';
import { cancellation } from './cancellation.template.ts';
import { confirmation } from './confirmation.template.ts';
import type { Addressee } from './content.ts';

type Row = {
  order_id: string;
  template: 'confirmation' | 'cancellation';
  reason: string | null;
  state: 'requested' | 'sent';
  name: string;
  email: string;
  items: Addressee['items'];
  total_minor: string;
  currency: string;
};

@Injectable()
export class SendEmail {
  /** The mail to send, or 'not-due' when it was sent already. */
  async prepare(tx: Queryable, emailId: string): Promise<Mail | 'not-due'> {
    const [row] = await tx.query<Row>(
      `SELECT e.order_id, e.template, e.reason, e.state, a.name, a.email, a.items, a.total_minor, a.currency
       FROM emails e JOIN addressees a USING (order_id) WHERE e.email_id = $1`,
      [emailId],
    );
    if (!row) throw new Error('there is no such mail');
    if (row.state === 'sent') return 'not-due';
    const total = money(Number(row.total_minor), row.currency);
    const addressee: Addressee = { orderId: row.order_id, name: row.name, items: row.items, total };
    const content = row.template === 'confirmation' ? confirmation(addressee) : cancellation(addressee, row.reason);
    return {
      ...content,
      messageId: `<${emailId}@${mailDomain(config.CARTWHEEL_NAMESPACE)}>`,
      to: { name: row.name, address: row.email },
    };
  }

  async noteSent(tx: Queryable, emailId: string, messageId: string): Promise<void> {
    await tx.query(
      `UPDATE emails SET state = 'sent', sent_at = clock_timestamp(), message_id = $2 WHERE email_id = $1`,
      [emailId, messageId],
    );
  }
}
