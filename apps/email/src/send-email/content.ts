import type { Money } from '@cartwheel/primitives';

/** Whom a mail goes to, and what was ordered. */
export type Addressee = {
  readonly orderId: string;
  readonly name: string;
  readonly items: readonly { name: string; quantity: number; unitPrice: Money }[];
  readonly total: Money;
};

/** What some mails say besides: why an order was cancelled, or how much is given back. */
export type Details = { readonly reason: string | null; readonly amount: Money };

export type Content = { readonly subject: string; readonly text: string; readonly html: string };

type Letter = {
  readonly subject: string;
  /** The paragraphs before the goods and after them. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** What the last line of the goods says, for example `Total`, and its amount. */
  readonly sum: { readonly label: string; readonly amount: Money };
};

/** One mail as text and as HTML. What a customer typed is escaped. */
export function letter({ orderId, name, items }: Addressee, { subject, before, after, sum }: Letter): Content {
  const greeting = `Hello ${name},`;
  const lines = items.map((item) => ({
    name: item.name,
    count: `${item.quantity} × ${formatMoney(item.unitPrice)}`,
    price: formatMoney({ ...item.unitPrice, amountMinor: item.unitPrice.amountMinor * item.quantity }),
  }));
  const text = [
    greeting,
    ...before,
    [
      ...items.map((item) => `${item.quantity} × ${item.name} at ${formatMoney(item.unitPrice)}`),
      `${sum.label}: ${formatMoney(sum.amount)}`,
    ].join('\n'),
    ...after,
    `Cartwheel\nOrder ${orderId}`,
  ].join('\n\n');
  const rows = lines.map((line) => row(line.name, line.price, { below: line.count }));
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(subject)}</title>
</head>
<body style="margin:0;padding:24px 16px;font-family:-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
<div style="max-width:34em;margin:0 auto">
<p style="margin:0 0 16px;font-weight:bold;letter-spacing:.04em;opacity:.7">Cartwheel</p>
<h1 style="margin:0 0 16px;font-size:24px;line-height:1.25">${escape(subject)}</h1>
${[greeting, ...before].map(paragraph).join('\n')}
<table style="width:100%;margin:24px 0;border-collapse:collapse">
${[...rows, row(sum.label, formatMoney(sum.amount), { bold: true })].join('\n')}
</table>
${after.map(paragraph).join('\n')}
<p style="margin:24px 0 0;font-size:13px;opacity:.7;overflow-wrap:anywhere">Order ${escape(orderId)}</p>
</div>
</body>
</html>
`;
  return { subject, text: `${text}\n`, html };
}

function paragraph(text: string): string {
  return `<p style="margin:0 0 12px;overflow-wrap:anywhere">${escape(text)}</p>`;
}

function row(what: string, amount: string, { below = '', bold = false }): string {
  const line = `padding:10px 0;border-top:1px solid #88888866;vertical-align:top${bold ? ';font-weight:bold' : ''}`;
  const small = below && `<br><span style="font-size:14px;opacity:.7">${escape(below)}</span>`;
  return `<tr><td style="${line};overflow-wrap:anywhere">${escape(what)}${small}</td><td style="${line};padding-left:16px;text-align:right;white-space:nowrap">${escape(amount)}</td></tr>`;
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

/** The end of the order's id: what a person can compare. */
export function shortId(orderId: string): string {
  return orderId.slice(-8);
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
