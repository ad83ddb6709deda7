import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { SendEmail as SendEmailTask, TaskType } from '@cartwheel/contracts';
import type { TaskContext } from '@cartwheel/inbox';
import { EMAIL_TASKS } from '../email.transports.ts';
import { Mailer } from '../mailer/mailer.ts';
import { SendEmail } from './send-email.ts';

@Controller()
export class SendEmailWorker {
  constructor(
    private readonly sendEmail: SendEmail,
    private readonly mailer: Mailer,
  ) {}

  /** SMTP knows no idempotency key: a crash between the server's 250 and our record sends the mail again. */
  @EventPattern<TaskType>('SendEmail', EMAIL_TASKS)
  async send(@Payload() { emailId }: SendEmailTask, @Ctx() ctx: TaskContext) {
    const mail = await ctx.transaction((tx) => this.sendEmail.prepare(tx, emailId));
    if (mail === 'not-due') return;
    await this.mailer.send(mail);
    await ctx.finish((tx) => this.sendEmail.noteSent(tx, emailId, mail.messageId));
  }
}
