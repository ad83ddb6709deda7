import { cancellationReasons, mailTemplates } from '@cartwheel/contracts';
import { describe, expect, test } from '@jest/globals';
import { formatMoney } from './content.ts';
import { templates } from './templates.ts';

const order = {
  orderId: '01999999-0000-7000-8000-0000000000ab',
  name: 'Ada <b>Moreau</b>',
  items: [
    { name: 'Mug, blue', quantity: 2, unitPrice: { amountMinor: 1_200, currency: 'EUR' } },
    { name: 'Tea & "cup"', quantity: 1, unitPrice: { amountMinor: 500, currency: 'EUR' } },
  ],
  total: { amountMinor: 2_900, currency: 'EUR' },
};
const details = { reason: 'customer', amount: { amountMinor: 2_850, currency: 'EUR' } };

describe.each(mailTemplates)('the mail %s', (template) => {
  const mail = templates[template](order, details);

  test('names the order and the goods, as text and as HTML', () => {
    expect(mail.subject).toContain('000000ab');
    expect(mail.text).toContain('2 × Mug, blue at 12.00 EUR\n1 × Tea & "cup" at 5.00 EUR\n');
    expect(mail.html).toMatch(/Mug, blue<br>[^]*2 × 12\.00 EUR[^]*24\.00 EUR/);
    for (const body of [mail.text, mail.html]) expect(body).toContain(order.orderId);
  });

  test('says the same in both', () => {
    const shown = mail.html
      .replaceAll(/<(style|title)[^]*?<\/\1>|<[^>]+>/g, ' ')
      .replaceAll(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
    const words = mail.text.split('\n').filter((line) => line !== '' && !line.includes(' at ') && !line.includes(': '));
    for (const line of words) expect(shown).toContain(line);
  });

  test('shows what a customer typed, and takes none of it for markup', () => {
    expect(mail.text).toContain('Hello Ada <b>Moreau</b>,');
    expect(mail.html).toContain('Hello Ada &#60;b&#62;Moreau&#60;/b&#62;,');
    expect(mail.html).not.toContain('<b>');
    expect(mail.html).toContain('Tea &#38; &#34;cup&#34;');
  });
});

test.each([
  ['confirmation', 'Total: 29.00 EUR'],
  ['receipt', 'Paid: 29.00 EUR'],
  ['cancellation', 'Not charged: 29.00 EUR'],
  ['refund-begun', 'To be refunded: 28.50 EUR'],
  ['refund-done', 'Refunded: 28.50 EUR'],
] as const)('the sum of a %s says what it is', (template, line) => {
  expect(templates[template](order, details).text).toContain(`\n${line}\n`);
});

test.each([
  ['payment-declined', 'declined'],
  ['stock-short', 'not have enough'],
  ['timed-out', 'in time'],
  ['capture-failed', 'collected'],
  ['customer', 'as you asked'],
])('a cancellation for %s says why', (reason, words) => {
  expect(cancellationReasons).toContain(reason);
  expect(templates.cancellation(order, { ...details, reason }).text).toContain(words);
});

test('money is shown in the digits of its currency, without floating point', () => {
  expect(formatMoney({ amountMinor: 5, currency: 'EUR' })).toBe('0.05 EUR');
  expect(formatMoney({ amountMinor: 1_234, currency: 'JPY' })).toBe('1234 JPY');
  expect(formatMoney({ amountMinor: -150, currency: 'USD' })).toBe('-1.50 USD');
});
