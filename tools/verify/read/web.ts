import { mailDomain } from '@cartwheel/contracts';
import { Friendly } from '../../stack/friendly.ts';
import { answering } from '../connections.ts';
import type { Evidence, LedgerEntry } from '../evidence.ts';

/** Every movement of money that the card gateway knows of, oldest first. */
export function readLedger(gatewayUrl: string): Promise<LedgerEntry[]> {
  return readJson<LedgerEntry>("The gateway's ledger", `${gatewayUrl}/ledger`);
}

/** The mails that this shop sent: several may share a mailbox, and their Message-IDs tell them apart. To whom is not read. */
export async function readMailbox(mailboxUrl: string, namespace: string): Promise<Evidence['mailbox'][number][]> {
  type Mail = { messageId?: string; time?: string; headers?: Record<string, unknown> };
  const mails = await readJson<Mail>('The mailbox', `${mailboxUrl.replace(/\/$/, '')}/email`);
  return mails.flatMap(({ messageId, headers, time }) => {
    const [emailId = '', domain] = String(messageId ?? headers?.['message-id'] ?? '')
      .replace(/^<|>$/g, '')
      .split('@');
    return domain === mailDomain(namespace) ? [{ emailId, at: Date.parse(time ?? '') || 0 }] : [];
  });
}

async function readJson<T>(what: string, url: string): Promise<T[]> {
  const response = await answering(what, url, fetch(url, { signal: AbortSignal.timeout(30_000) }));
  const answer: unknown = await answering(what, url, response.json());
  if (!response.ok || !Array.isArray(answer)) throw new Friendly(`${what} at ${url} answers ${response.status}.`);
  return answer as T[];
}
