import { Module } from '@nestjs/common';
import { config } from './config.ts';
import { ListEmailsController } from './list-emails/list-emails.controller.ts';
import { Mailer } from './mailer/mailer.ts';
import { SmtpMailer } from './mailer/smtp-mailer.ts';
import { RememberCustomerOnOrderPlaced } from './remember-customer/on-order-placed.consumer.ts';
import { RequestCancellationOnOrderCancelled } from './request-email/on-order-cancelled.consumer.ts';
import { RequestReceiptOnOrderCompleted } from './request-email/on-order-completed.consumer.ts';
import { RequestConfirmationOnOrderConfirmed } from './request-email/on-order-confirmed.consumer.ts';
import { RequestRefundDoneOnOrderRefunded } from './request-email/on-order-refunded.consumer.ts';
import { RequestRefundBegunOnRefundRequested } from './request-email/on-refund-requested.consumer.ts';
import { RequestEmail } from './request-email.ts';
import { SendEmail } from './send-email/send-email.ts';
import { SendEmailWorker } from './send-email/send-email.worker.ts';

const mailer = { url: config.SMTP_URL, from: config.MAIL_FROM, deadlineMs: config.SMTP_DEADLINE_MS };
/** Half of it for a send that takes as long as it may, half for the notes before and after. */
const leaseMs = 2 * config.SMTP_DEADLINE_MS;

@Module({
  controllers: [
    // asked over HTTP
    ListEmailsController,
    // at an order's milestones
    RememberCustomerOnOrderPlaced,
    RequestConfirmationOnOrderConfirmed,
    RequestReceiptOnOrderCompleted,
    RequestCancellationOnOrderCancelled,
    RequestRefundBegunOnRefundRequested,
    RequestRefundDoneOnOrderRefunded,
    // the work that follows
    SendEmailWorker,
  ],
  providers: [
    RequestEmail,
    { provide: SendEmail, useFactory: () => new SendEmail({ namespace: config.CARTWHEEL_NAMESPACE, leaseMs }) },
    { provide: Mailer, useFactory: () => new SmtpMailer(mailer) },
  ],
})
export class EmailModule {}
