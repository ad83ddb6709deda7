import { describe, expect, test } from '@jest/globals';
import { BLAME, blameOf, DatabaseUnavailable } from './index.ts';

const withCode = (code: string) => Object.assign(new Error('no'), { code });

describe('the blame for a statement that failed', () => {
  test.each([
    ['08006', 'database'],
    ['08P01', 'code'],
    ['22P02', 'code'],
    ['23505', 'code'],
    ['25006', 'database'],
    ['25P02', 'code'],
    ['40P01', 'either'],
    ['42P01', 'code'],
    ['53300', 'database'],
    ['55P03', 'either'],
    ['57014', 'either'],
    ['57P01', 'database'],
    ['58030', 'database'],
    ['P0001', 'code'],
    ['XX000', 'either'],
  ])('with SQLSTATE %s is: %s', (code, blame) => {
    expect(blameOf(withCode(code))).toBe(blame);
  });

  test.each([
    ['a socket, whose code looks like an SQLSTATE', withCode('EPIPE'), 'database'],
    ['a socket', withCode('ECONNREFUSED'), 'database'],
    ['a client whose connection is gone, which says nothing more', new Error('not queryable'), 'database'],
    ['a call that makes no sense', new TypeError('not a string'), 'code'],
    ['nothing at all', undefined, 'code'],
  ])('of %s is known without one', (_, error, blame) => {
    expect(blameOf(error)).toBe(blame);
  });

  test('is told on by the error that wraps it', () => {
    const wrapped = (code: string) => new DatabaseUnavailable('no', { cause: withCode(code) });
    expect([wrapped('57014').blame, wrapped('57P01').blame]).toEqual(['either', 'database']);
    expect(blameOf(new DatabaseUnavailable('twice', { cause: wrapped('57014') }))).toBe('either');
    expect(new DatabaseUnavailable('gone').blame).toBe('database');
  });

  test('has a reason in each line, and no line twice', () => {
    expect(new Set(BLAME.map(([state]) => state)).size).toBe(BLAME.length);
    for (const [state, , reason] of BLAME) {
      expect(state).toMatch(/^[0-9A-Z]{2}([0-9A-Z]{3})?$/);
      expect(reason.length).toBeGreaterThan(20);
    }
  });
});
