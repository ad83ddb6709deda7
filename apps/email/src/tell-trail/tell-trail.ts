import type { MailTemplate } from '@cartwheel/contracts';
import type { Queryable } from '@cartwheel/postgres';

/** The mails of an order, without where they go. */
export type EmailTrail = {
  readonly emails: readonly {
    readonly template: MailTemplate;
    readonly state: 'requested' | 'sending' | 'sent';
    readonly requestedAt: Date;
    readonly sentAt: Date | null;
    /** Sends whose outcome nobody knows. */
    readonly ambiguousSends: number;
  }[];
};

export async function tellTrail(database: Queryable, orderId: string): Promise<EmailTrail> {
  const emails = await database.query<EmailTrail['emails'][number]>(
    `SELECT template, state, requested_at AS "requestedAt", sent_at AS "sentAt", ambiguous_sends AS "ambiguousSends"
     FROM emails WHERE order_id = $1 ORDER BY requested_at, template`,
    [orderId],
  );
  return { emails };
}
