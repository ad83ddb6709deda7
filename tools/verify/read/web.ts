import { Friendly } from '../../stack/friendly.ts';
import { answering } from '../connections.ts';
import type { Evidence, LedgerEntry } from '../evidence.ts';

/** Every movement of money that the card gateway knows of, oldest first. */
export function readLedger(gatewayUrl: string): Promise<LedgerEntry[]> {
  return readJson<LedgerEntry>("The gateway's ledger", `${gatewayUrl}/ledger`);
}

/** The mails that this shop sent. To whom is not read. */
export async function readMailbox(mailboxUrl: string): Promise<Evidence['mailbox'][number][]> {
  type Mail = { messageId?: string; time?: string; headers?: Record<string, unknown> };
  const mails = await readJson<Mail>('The mailbox', `${mailboxUrl.replace(/\/$/, '')}/email`);
  return mails
    .map(({ messageId, headers, time }) => ({
      messageId: String(messageId ?? headers?.['message-id'] ?? '').replace(/^<|>$/g, ''),
      at: Date.parse(time ?? '') || 0,
    }))
    .filter((mail) => mail.messageId.endsWith('@cartwheel.example'));
}

async function readJson<T>(what: string, url: string): Promise<T[]> {
  const response = await answering(what, url, fetch(url, { signal: AbortSignal.timeout(30_000) }));
  const answer: unknown = await answering(what, url, response.json());
  if (!response.ok || !Array.isArray(answer)) throw new Friendly(`${what} at ${url} answers ${response.status}.`);
  return answer as T[];
}
