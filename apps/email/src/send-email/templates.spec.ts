import { expect, test } from '@jest/globals';
import { cancellation } from './cancellation.template.ts';
import { confirmation } from './confirmation.template.ts';
import { formatMoney } from './content.ts';

const addressee = {
  orderId: '01999999-0000-7000-8000-0000000000ab',
  name: 'Ada <b>Moreau</b>',
  items: [{ name: 'Mug, blue', quantity: 2, unitPrice: { amountMinor: 1_200, currency: 'EUR' } }],
  total: { amountMinor: 2_400, currency: 'EUR' },
};

test('a confirmation names the goods and the total, as text and as HTML', () => {
  const mail = confirmation(addressee);
  for (const body of [mail.text, mail.html]) {
    expect(body).toContain('2 × Mug, blue at 12.00 EUR');
    expect(body).toContain('Total: 24.00 EUR');
  }
});

test('what a customer typed cannot become markup', () => {
  expect(confirmation(addressee).html).not.toContain('<b>Moreau');
});

test.each([
  ['payment-declined', 'declined'],
  ['stock-short', 'not have enough'],
  ['timed-out', 'in time'],
  ['capture-failed', 'collected'],
])('a cancellation for %s says why', (reason, words) => {
  expect(cancellation(addressee, reason).text).toContain(words);
});

test('money is shown in the digits of its currency, without floating point', () => {
  expect(formatMoney({ amountMinor: 5, currency: 'EUR' })).toBe('0.05 EUR');
  expect(formatMoney({ amountMinor: 1_234, currency: 'JPY' })).toBe('1234 JPY');
  expect(formatMoney({ amountMinor: -150, currency: 'USD' })).toBe('-1.50 USD');
});
