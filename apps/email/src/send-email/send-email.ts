import { mailDomain, type MailTemplate } from '@cartwheel/contracts';
import type { Transaction } from '@cartwheel/postgres';
import { money, Transient } from '@cartwheel/primitives';
import { EmailEntity } from '../email.entity.ts';
import type { Mail } from '../mailer/mailer.ts';
import type { Addressee } from './content.ts';
import { templates } from './templates.ts';

type Row = {
  order_id: string;
  template: MailTemplate;
  reason: string | null;
  amount_minor: string | null;
  currency: string | null;
  name: string;
  email: string;
  items: Addressee['items'];
  total_minor: string;
  total_currency: string;
};

/**
 * What is recorded of a mail around the call to SMTP, in short transactions: taken for sending, then sent, refused, or
 * unknown. Who finds a mail that was taken longer than `leaseMs` ago knows that its sender died, and that nobody can say
 * whether the mail went out.
 */
export class SendEmail {
  readonly #options: { readonly namespace: string; readonly leaseMs: number };

  /** `leaseMs` is longer than any send. */
  constructor(options: { readonly namespace: string; readonly leaseMs: number }) {
    this.#options = options;
  }

  /** Takes the mail and writes it; 'not-due' when it was sent already. @throws Transient when somebody else has it in hand */
  async begin(tx: Transaction, emailId: string): Promise<Mail | 'not-due'> {
    const { namespace, leaseMs } = this.#options;
    const [row] = await tx.query<Row>(
      `UPDATE emails e SET state = 'sending', sending_since = clock_timestamp(),
         ambiguous_sends = ambiguous_sends + (e.state = 'sending')::int
       FROM addressees a
       WHERE e.email_id = $1 AND a.order_id = e.order_id AND (e.state = 'requested' OR e.state = 'sending'
         AND e.sending_since < clock_timestamp() - make_interval(secs => $2::float8 / 1000))
       RETURNING e.order_id, e.template, e.reason, e.amount_minor, e.currency, a.name, a.email, a.items, a.total_minor,
         a.currency AS total_currency`,
      [emailId, leaseMs],
    );
    if (!row) return this.#notDue(tx, emailId);
    const order: Addressee = {
      orderId: row.order_id,
      name: row.name,
      items: row.items,
      total: money(Number(row.total_minor), row.total_currency),
    };
    const amount = row.amount_minor === null ? order.total : money(Number(row.amount_minor), row.currency!);
    return {
      ...templates[row.template](order, { reason: row.reason, amount }),
      // The same for every attempt.
      messageId: `<${emailId}@${mailDomain(namespace)}>`,
      to: { name: row.name, address: row.email },
    };
  }

  async #notDue(tx: Transaction, emailId: string): Promise<'not-due'> {
    const email = await tx.manager.findOneBy(EmailEntity, { emailId });
    if (!email) throw new Error('there is no such mail');
    if (email.state === 'sending') throw new Transient('somebody sends this mail, or died over it a moment ago');
    return 'not-due';
  }

  /** The send has ended without the mail being taken, as far as anybody knows. */
  async noteFailure(tx: Transaction, emailId: string, { isAmbiguous }: { isAmbiguous: boolean }): Promise<void> {
    const ambiguousSends = () => `ambiguous_sends + ${isAmbiguous ? 1 : 0}`;
    await tx.manager.update(EmailEntity, { emailId, state: 'sending' }, { state: 'requested', ambiguousSends });
  }

  async noteSent(tx: Transaction, emailId: string, messageId: string): Promise<void> {
    const sentAt = () => 'clock_timestamp()';
    await tx.manager.update(EmailEntity, { emailId }, { state: 'sent', sentAt, messageId });
  }
}
