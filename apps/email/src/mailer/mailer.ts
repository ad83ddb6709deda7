import { Transient } from '@cartwheel/primitives';

export type Mail = {
  /** Sent as Message-ID: a receiver or a person can tell a repeated mail from a second one. */
  readonly messageId: string;
  readonly to: { readonly name: string; readonly address: string };
  readonly subject: string;
  readonly text: string;
  readonly html: string;
};

/** The server never said whether it took the mail. It is worth another attempt, which may be a second copy. */
export class OutcomeUnknown extends Transient {
  override readonly name = 'OutcomeUnknown';
}

/** Hands a mail to a mail server. */
export abstract class Mailer {
  /**
   * @throws Permanent when the server refuses this mail (5xx), Transient when it is away or busy (4xx): both mean that it
   *   was not sent. OutcomeUnknown when nobody can say.
   */
  abstract send(mail: Mail): Promise<void>;
}
