import type { Money } from '@cartwheel/primitives';

export type Addressee = {
  readonly orderId: string;
  readonly name: string;
  readonly items: readonly { name: string; quantity: number; unitPrice: Money }[];
  readonly total: Money;
};

export type Content = { readonly subject: string; readonly text: string; readonly html: string };

/** One mail as text and HTML from the same paragraphs. What a customer typed is escaped. */
export function page(subject: string, paragraphs: readonly string[]): Content {
  const body = paragraphs.map((paragraph) => `<p>${escape(paragraph)}</p>`).join('\n');
  return {
    subject,
    text: `${paragraphs.join('\n\n')}\n`,
    html: `<!doctype html><html lang="en"><body style="font-family:sans-serif;max-width:36em">\n<h1>${escape(subject)}</h1>\n${body}\n</body></html>\n`,
  };
}

/** `{ 2400, EUR }` → `24.00 EUR`. */
export function formatMoney({ amountMinor, currency }: Money): string {
  const digits =
    new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  const sign = amountMinor < 0 ? '-' : '';
  const padded = String(Math.abs(amountMinor)).padStart(digits + 1, '0');
  const whole = padded.slice(0, padded.length - digits);
  return `${sign}${whole}${digits > 0 ? `.${padded.slice(-digits)}` : ''} ${currency}`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
