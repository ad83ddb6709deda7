import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { SendEmail as SendEmailTask } from '@cartwheel/contracts';
import type { TaskContext } from '@cartwheel/inbox';
import { OnTask } from '@cartwheel/service';
import { Mailer, OutcomeUnknown } from '../mailer/mailer.ts';
import { SendEmail } from './send-email.ts';

@Controller()
export class SendEmailWorker {
  constructor(
    private readonly sendEmail: SendEmail,
    private readonly mailer: Mailer,
  ) {}

  /** SMTP knows no idempotency key: a mail whose send has no known outcome is sent again, and that is on record. */
  @OnTask('SendEmail')
  async send(@Payload() { emailId }: SendEmailTask, @Ctx() ctx: TaskContext) {
    const mail = await ctx.transaction((tx) => this.sendEmail.begin(tx, emailId));
    if (mail === 'not-due') return;
    try {
      await this.mailer.send(mail);
    } catch (error) {
      const isAmbiguous = error instanceof OutcomeUnknown;
      await ctx.transaction((tx) => this.sendEmail.noteFailure(tx, emailId, { isAmbiguous }));
      throw error;
    }
    await ctx.finish((tx) => this.sendEmail.noteSent(tx, emailId, mail.messageId));
  }
}
