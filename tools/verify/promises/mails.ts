import type { FactType, MailTemplate } from '@cartwheel/contracts';
import { ordersWithDeadLetter } from '../dead-letters.ts';
import type { EmailRow, Evidence, OrderRow } from '../evidence.ts';
import { judge, type Verdict } from '../verdict.ts';

const MILESTONES: Partial<Record<FactType, MailTemplate>> = {
  OrderConfirmed: 'confirmation',
  OrderCompleted: 'receipt',
  OrderCancelled: 'cancellation',
  RefundRequested: 'refund-begun',
  OrderRefunded: 'refund-done',
};

/** Each order got one mail for each milestone that it reached, and nobody got anything else. A second copy is explained. */
export function mails(evidence: Evidence): Verdict {
  const excused = ordersWithDeadLetter(evidence, 'mail');
  const requested = new Map(evidence.emails.map((email) => [`${email.orderId} ${email.template}`, email]));
  const copies = Map.groupBy(evidence.mailbox, ({ emailId }) => emailId);
  const partitions = new Map(evidence.records.map(({ id, partition }) => [id, partition]));
  const offenders: string[] = [];
  const repeats: string[] = [];
  for (const { orderId, events } of evidence.orders) {
    for (const [milestone, template] of Object.entries(MILESTONES)) {
      const email = requested.get(`${orderId} ${template}`);
      requested.delete(`${orderId} ${template}`);
      const isDue =
        events.some(({ event }) => event.type === milestone) &&
        !(template === 'confirmation' && !email && mayBeCancelledFirst(events, partitions));
      const received = email ? (copies.get(email.emailId)?.length ?? 0) : 0;
      if (!isDue && email) offenders.push(`order ${orderId}: a ${template} that it should not get`);
      else if (isDue && received === 0 && !excused.has(orderId))
        offenders.push(`order ${orderId}: no ${template}${standing(email)}`);
      else if (email && received > 1) {
        const unknown = `${email.ambiguousSends} sends had no known outcome`;
        // Each of those may have been a copy; one that nobody can account for is a mistake of ours.
        (received - 1 > email.ambiguousSends ? offenders : repeats).push(
          `order ${orderId}: ${received} copies of its ${template}, ${unknown}`,
        );
      }
    }
  }
  offenders.push(
    ...[...requested.values()].map(({ template, orderId }) => `order ${orderId}: a ${template}, and is in no database`),
  );
  offenders.push(...unknown(evidence));
  return judge(
    0,
    'one mail per milestone',
    `${evidence.emails.length} asked for, ${evidence.mailbox.length} received`,
    { late: offenders, remarks: repeats },
    evidence.unrest,
  );
}

/**
 * Its cancellation is in another partition and may have been read first: then it is not confirmed any more
 * (docs/howto/growing-topics.md).
 */
function mayBeCancelledFirst(events: OrderRow['events'], partitions: ReadonlyMap<string, number>): boolean {
  const partitionOf = (type: string) => {
    const fact = events.find(({ event }) => event.type === type);
    return partitions.get(fact?.factId ?? '');
  };
  const cancelled = partitionOf('OrderCancelled');
  return cancelled !== undefined && cancelled !== partitionOf('OrderConfirmed');
}

/** Mails that nobody here asked for. Those from before this shop's first are another's, from an earlier run. */
function unknown({ emails, mailbox }: Evidence): string[] {
  const ours = new Set(emails.map(({ emailId }) => emailId));
  // A mail's date has whole seconds.
  const begun = emails.reduce((first, { requestedAt }) => Math.min(first, requestedAt), Infinity) - 1_000;
  return mailbox
    .filter(({ emailId, at }) => !ours.has(emailId) && at >= begun)
    .map(({ emailId }) => `nobody asked for mail ${emailId}`);
}

function standing(email: EmailRow | undefined): string {
  if (!email) return ', nobody asked for it';
  return email.state === 'sent' ? ' in the mailbox, though it is noted as sent' : ', it is asked for and not sent';
}
