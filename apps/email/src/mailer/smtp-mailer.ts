import { metrics, outside } from '@cartwheel/observability';
import { Permanent, Transient } from '@cartwheel/primitives';
import { createTransport, type Transporter } from 'nodemailer';
import { type Mail, Mailer, OutcomeUnknown } from './mailer.ts';

/** What nodemailer throws. */
type Failure = { responseCode?: number; code?: string; syscall?: string; timeoutType?: string };

/** Failures of a connection that was never ready for a mail. */
const NOT_CONNECTED = ['EDNS', 'ETLS', 'EAUTH', 'CONNECT_TIMEOUT', 'GREETING_TIMEOUT', 'UPGRADE_TIMEOUT', 'connect'];

export class SmtpMailer extends Mailer {
  readonly #transport: Transporter;
  readonly #deadlineMs: number;

  /** `deadlineMs`: how long one send may take in all; a slow server makes it unknown, not endless. */
  constructor({ url, from, deadlineMs }: { url: string; from: string; deadlineMs: number }) {
    super();
    this.#deadlineMs = deadlineMs;
    // A server that does not even greet is found out before the deadline, while it is certain that it took nothing.
    const patience = deadlineMs / 3;
    this.#transport = createTransport({ url, connectionTimeout: patience, greetingTimeout: patience }, { from });
  }

  async send(mail: Mail): Promise<void> {
    await outside('smtp send', metrics.mailDuration, {}, async () => {
      try {
        await this.#transport.sendMail({ ...mail, signal: AbortSignal.timeout(this.#deadlineMs) });
      } catch (error) {
        throw named(error as Failure);
      }
    });
  }
}

/** The server's own words may repeat the address: only its code goes on. */
function named({ responseCode, code, syscall, timeoutType }: Failure): Error {
  const said = `SMTP ${responseCode ?? timeoutType ?? code ?? 'failed'}`;
  if (responseCode !== undefined) {
    // A wrong password or a closed door (5xx as well) is ours to mend, and no reason to give up the mail.
    const refusesThisMail = (code === 'EENVELOPE' || code === 'EMESSAGE') && responseCode >= 500;
    return refusesThisMail ? new Permanent(said) : new Transient(said);
  }
  const neverBegan = [code, timeoutType, syscall].some((sign) => NOT_CONNECTED.includes(sign ?? ''));
  // Lost, silent or aborted later on: perhaps before the mail was handed over, which nodemailer does not tell.
  return neverBegan ? new Transient(said) : new OutcomeUnknown(said);
}
