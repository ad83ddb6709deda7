import { expect, test } from '@jest/globals';
import { holdsAddress } from './address.ts';

test.each([
  ['ada@example.com', true],
  ['cannot send to <ada.moreau+x@mail.example.com>: refused', true],
  ['ada@localhost', false],
  ['@example.com', false],
  ['a @ b.com', false],
  ['', false],
])('%j: %s', (text, holds) => {
  expect(holdsAddress(text)).toBe(holds);
});

// Each of these takes minutes with the usual pattern, /[^\s@]+@…/.
test.each([
  ['no @ at all', '0'],
  ['nothing but @', '@'],
  ['almost addresses', 'a@b.'],
  ['a domain without end', 'a@' + 'b.'.repeat(10)],
])('a text of 400 kB is looked through at once: %s', (_, part) => {
  const text = part.repeat(Math.ceil(400_000 / part.length));
  expect(holdsAddress(text)).toBe(false);
  expect(holdsAddress(`${text} ada@example.com`)).toBe(true);
});
