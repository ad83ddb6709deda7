import { expect, test } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { OperatorsOnly } from './operators-only.ts';

const asking = (authorization?: string) =>
  ({ switchToHttp: () => ({ getRequest: () => ({ headers: { authorization } }) }) }) as unknown as ExecutionContext;

test('the token lets in, and nothing else does', () => {
  const guard = new OperatorsOnly('a-token-for-this-test');
  expect(guard.canActivate(asking('Bearer a-token-for-this-test'))).toBe(true);
  for (const other of [undefined, '', 'Bearer ', 'a-token-for-this-test', 'Bearer a-token-for-this-tes']) {
    expect(() => guard.canActivate(asking(other))).toThrow('operators');
  }
});

test('an empty token, which is none, lets nobody in', () => {
  const guard = new OperatorsOnly('');
  for (const authorization of [undefined, '', 'Bearer', 'Bearer ']) {
    expect(() => guard.canActivate(asking(authorization))).toThrow('operators');
  }
});
