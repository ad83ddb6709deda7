export type Mail = {
  /** Sent as Message-ID: a receiver or a person can tell a repeated mail from a second one. */
  readonly messageId: string;
  readonly to: { readonly name: string; readonly address: string };
  readonly subject: string;
  readonly text: string;
  readonly html: string;
};

/** Hands a mail to a mail server. */
export abstract class Mailer {
  /** @throws Transient when the server is away or busy (4xx), Permanent when it refuses this mail (5xx). */
  abstract send(mail: Mail): Promise<void>;
}
