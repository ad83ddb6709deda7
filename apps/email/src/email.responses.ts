import { mailTemplates } from '@cartwheel/contracts';
import { z } from 'zod';

/** What HTTP answers about mails: to whom, only so far that somebody who knows the address recognizes it. */

const instant = z.iso.datetime();

export const Emails = z
  .array(
    z.object({
      emailId: z.uuid(),
      template: z.enum(mailTemplates),
      state: z.enum(['requested', 'sending', 'sent']),
      requestedAt: instant,
      sentAt: instant.nullable(),
      ambiguousSends: z.int().min(0).describe('sends of which nobody knows whether the server took them'),
      recipient: z.string().describe('masked'),
    }),
  )
  .meta({ id: 'Emails' });
