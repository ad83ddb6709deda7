import type { Money } from '@cartwheel/primitives';

/** Fields of facts that are worth a word. All are optional: what is here came over HTTP. */
type Data = {
  total?: Money;
  amount?: Money;
  reason?: string;
  declineCode?: string;
  failureCode?: string;
  items?: { sku: string; quantity: number }[];
  shortfall?: { sku: string; requested: number; available: number }[];
};

/** What a fact says beside its type, in a few words; nothing personal. */
export function noteOf(type: string, data: unknown): string {
  const { total, amount, reason, declineCode, failureCode, items, shortfall } = (data ?? {}) as Data;
  if (shortfall) return shortfallWords(shortfall);
  if (type === 'OrderPlaced' || type.startsWith('Payment') || type.includes('Refund')) {
    const money = amount ?? total;
    if (money) return inWords(money);
  }
  if (type.startsWith('Stock') && items) return items.map(({ sku, quantity }) => `${quantity} ${sku}`).join(', ');
  return reason ?? declineCode ?? failureCode ?? '';
}

export function shortfallWords(shortfall: readonly { sku: string; requested: number; available: number }[]): string {
  return shortfall.map(({ sku, requested, available }) => `${requested} ${sku} wanted, ${available} there`).join('; ');
}

/** `24.00 EUR`; all our currencies have two digits. */
export function inWords({ amountMinor, currency }: Money): string {
  return `${(amountMinor / 100).toFixed(2)} ${currency}`;
}
