import { Injectable } from '@nestjs/common';
import { Permanent, Transient } from '@cartwheel/primitives';
import { createTransport } from 'nodemailer';
import { config } from '../config.ts';
import { type Mail, Mailer } from './mailer.ts';

@Injectable()
export class SmtpMailer extends Mailer {
  private readonly transport = createTransport(config.SMTP_URL, { from: config.MAIL_FROM });

  async send(mail: Mail): Promise<void> {
    try {
      await this.transport.sendMail(mail);
    } catch (error) {
      const { responseCode, code } = error as { responseCode?: number; code?: string };
      // The server's own words may repeat the address: only its code goes on.
      const said = `SMTP ${responseCode ?? code ?? 'failed'}`;
      throw responseCode !== undefined && responseCode >= 500 ? new Permanent(said) : new Transient(said);
    }
  }
}
