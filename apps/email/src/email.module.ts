import { Module } from '@nestjs/common';
import { ListEmailsController } from './list-emails/list-emails.controller.ts';
import { Mailer } from './mailer/mailer.ts';
import { SmtpMailer } from './mailer/smtp-mailer.ts';
import { RememberCustomerOnOrderPlaced } from './remember-customer/on-order-placed.consumer.ts';
import { RequestCancellationOnOrderCancelled } from './request-email/on-order-cancelled.consumer.ts';
import { RequestConfirmationOnOrderConfirmed } from './request-email/on-order-confirmed.consumer.ts';
import { RequestEmail } from './request-email/request-email.ts';
import { SendEmail } from './send-email/send-email.ts';
import { SendEmailWorker } from './send-email/send-email.worker.ts';

@Module({
  controllers: [
    // asked over HTTP
    ListEmailsController,
    // at an order's milestones
    RememberCustomerOnOrderPlaced,
    RequestConfirmationOnOrderConfirmed,
    RequestCancellationOnOrderCancelled,
    // the work that follows
    SendEmailWorker,
  ],
  providers: [RequestEmail, SendEmail, { provide: Mailer, useClass: SmtpMailer }],
})
export class EmailModule {}
