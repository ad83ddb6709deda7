import { describe, expect, test } from '@jest/globals';
import { add, backoff, deriveId, describeError, isId, money, newId, timeOfId, times, withDeadline } from './index.ts';

describe('money', () => {
  test('is an integer in minor units, or it is refused', () => {
    expect(() => money(1.5, 'EUR')).toThrow(RangeError);
    expect(times(money(1_200, 'EUR'), 3)).toEqual({ amountMinor: 3_600, currency: 'EUR' });
  });
  test('of two currencies cannot be added', () => {
    expect(() => add(money(1, 'EUR'), money(1, 'USD'))).toThrow('cannot add EUR and USD');
  });
});

describe('ids', () => {
  test('grow with time', () => {
    const ids = Array.from({ length: 100 }, newId);
    expect([...ids].sort()).toEqual(ids);
  });
  test('tell when they were made', () => {
    const before = Date.now();
    const made = timeOfId(newId());
    expect(made).toBeGreaterThanOrEqual(before);
    expect(made).toBeLessThanOrEqual(Date.now());
  });
  test('derived from the same parts are the same, and from parts that only look alike are not', () => {
    expect(deriveId('order-events', 0, '12')).toBe(deriveId('order-events', 0, '12'));
    expect(deriveId('a', 'b')).not.toBe(deriveId('a,b'));
    expect(isId(deriveId('a'))).toBe(true);
  });
});

describe('an error that is written down', () => {
  test('holds no NUL and no half character, which PostgreSQL cannot store, and is bounded', () => {
    const { message, stack } = describeError(new TypeError(`a\0b\ud800${'x'.repeat(5_000)}`));
    expect(message).not.toContain('\0');
    expect(message.isWellFormed()).toBe(true);
    expect(message.length).toBeLessThanOrEqual(1_000);
    expect(stack.length).toBeLessThanOrEqual(8_000);
  });
  test.each([
    ['"Ada Moreau" is not valid JSON', '"…" is not valid JSON'],
    [`Unexpected token 'A', "{"name": Ada "Moreau" is not valid JSON`, `Unexpected token '…', "…" is not valid JSON`],
    ['Key (email)=(ada@example.com) already exists.', 'Key (email)=(…) already exists.'],
    ['550 5.1.1 <ada@example.com> is unknown here', '550 5.1.1 <…@…> is unknown here'],
    ["No such PaymentMethod: 'pm_4242424242424242'", "No such PaymentMethod: '…'"],
    ['card 4242 4242 4242 4242 was refused', 'card … was refused'],
    ['connect ECONNREFUSED 127.0.0.1:5432', 'connect ECONNREFUSED 127.0.0.1:5432'],
    [
      "the consumer doesn’t know, and mustn't guess; isn't it",
      "the consumer doesn’t know, and mustn't guess; isn't it",
    ],
  ])('quotes nobody: %s', (text, shown) => {
    const { message, stack } = describeError(new SyntaxError(text));
    expect(message).toBe(shown);
    expect(stack).toMatch(/^SyntaxError: .*\n {4}at /);
    expect(stack).not.toMatch(/Moreau|ada@|4242/);
  });
  test('of the database says which constraint of which table it was', () => {
    const error = Object.assign(new Error('duplicate key value violates unique constraint "emails_pk"'), {
      code: '23505',
      table: 'emails',
      constraint: 'emails_pk',
      detail: 'Key (email)=(ada@example.com) already exists.',
    });
    expect(describeError(error).message).toBe(
      'duplicate key value violates unique constraint "…" (23505 emails emails_pk)',
    );
  });
  test('may be anything that was thrown', () => {
    expect(describeError('boom')).toEqual({ errorClass: 'string', message: 'boom', stack: '' });
  });
});

test('back-off grows to its limit and is jittered', () => {
  const waits = Array.from({ length: 200 }, (_, index) => backoff(index + 1, { baseMs: 100, maxMs: 1_000 }));
  expect(Math.max(...waits)).toBeLessThanOrEqual(1_000);
  expect(waits[0]).toBeLessThanOrEqual(100);
  expect(new Set(waits).size).toBeGreaterThan(190);
});

test('a deadline names what was late', async () => {
  await expect(withDeadline('the answer', 10, new Promise(() => undefined))).rejects.toThrow(
    'the answer took longer than 10 ms',
  );
});
