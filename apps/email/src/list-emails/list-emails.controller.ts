import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { maskEmail } from '@cartwheel/contracts';
import type { Queryable } from '@cartwheel/postgres';
import { DATABASE } from '@cartwheel/service';
import { z } from 'zod';
import { Emails } from '../email.responses.ts';

const ListEmails = z.object({ orderId: z.uuid() });

@Controller('emails')
export class ListEmailsController {
  constructor(@Inject(DATABASE) private readonly database: Queryable) {}

  /** What was sent about one order, to a masked address. */
  @Get()
  @ApiOkResponse({ standardSchema: Emails })
  async list(@Query({ schema: ListEmails }) { orderId }: z.infer<typeof ListEmails>) {
    const rows = await this.database.query<{ recipient: string }>(
      `SELECT e.email_id AS "emailId", e.template, e.state, e.requested_at AS "requestedAt", e.sent_at AS "sentAt",
         e.ambiguous_sends AS "ambiguousSends",
         a.email AS recipient
       FROM emails e JOIN addressees a USING (order_id) WHERE e.order_id = $1 ORDER BY e.requested_at`,
      [orderId],
    );
    return rows.map((row) => ({ ...row, recipient: maskEmail(row.recipient) }));
  }
}
