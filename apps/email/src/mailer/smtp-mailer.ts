import { Injectable } from '@nestjs/common';
import { Permanent, Transient } from '@cartwheel/primitives';
import { createTransport } from 'nodemailer';
import { config } from '../config.ts';
import { type Mail, Mailer } from './mailer.ts';

@Injectable()
export class SmtpMailer extends Mailer {
  private readonly transport = createTransport(
    { url: config.SMTP_URL, connectionTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 15_000 },
    { from: config.MAIL_FROM },
  );

  async send(mail: Mail): Promise<void> {
    try {
      await this.transport.sendMail(mail);
    } catch (error) {
      const { responseCode, code } = error as { responseCode?: number; code?: string };
      // The server's own words may repeat the address: only its code goes on.
      const said = `SMTP ${responseCode ?? code ?? 'failed'}`;
      // A wrong password or a closed door (5xx as well) is ours to mend, and no reason to give up the mail.
      const refusesThisMail = (code === 'EENVELOPE' || code === 'EMESSAGE') && (responseCode ?? 0) >= 500;
      throw refusesThisMail ? new Permanent(said) : new Transient(said);
    }
  }
}
