import { describe, expect, test } from '@jest/globals';
import { judge, measure, type Report } from './judge.ts';
import type { Mutant } from './mutant.ts';

const mutant: Mutant = {
  name: 'no-lock',
  promise: 'Nobody gets in.',
  file: 'door.ts',
  from: 'lock()',
  to: '',
  spec: 'libs/door/src/door.int.spec.ts',
  test: ['a %s door', 'keeps (nearly) everybody out'],
};

const result = (status: string, fullName: string, ...failureMessages: string[]) => ({
  ...{ fullName, status, failureMessages },
  duration: 70,
});
const report = (assertionResults: ReturnType<typeof result>[], message = ''): Report => ({
  testResults: [{ name: `/anywhere/${mutant.spec}`, message, assertionResults }],
});
const ASSERTION = 'Error: \u001b[2mexpect(\u001b[22mreceived).toBe(expected)\n  at door.int.spec.ts:7';
const red = 'a red door keeps (nearly) everybody out';
const other = result('failed', 'a window keeps (nearly) everybody out', ASSERTION);

describe('a mutant', () => {
  test('is killed when its test fails, one row of a table is enough', () => {
    const rows = [result('passed', 'a blue door keeps (nearly) everybody out'), result('failed', red, ASSERTION)];
    expect(judge(mutant, report(rows, 'door.int.spec.ts failed'))).toMatchObject({ outcome: 'killed' });
    const hung = result('failed', red, 'thrown: "Exceeded timeout of 10000 ms for a test."');
    expect(judge(mutant, report([hung]))).toMatchObject({ outcome: 'killed' });
  });

  test('survives when its test stays green', () => {
    expect(judge(mutant, report([result('passed', red)]))).toMatchObject({ outcome: 'survived' });
  });

  test.each([
    ['there is no report', undefined],
    ['the spec does not run', report([], 'SyntaxError: unexpected token')],
    ['the test is not there, though another fails', report([other])],
    ['the test was not selected', report([result('pending', red)])],
    ['others fail with it, though they were not selected', report([result('failed', red, ASSERTION), other])],
    ['only a hook failed', report([result('failed', red, 'thrown: "Exceeded timeout of 10000 ms for a hook.')])],
    ['the code is broken', report([result('failed', red, 'ReferenceError: held is not defined')])],
    ['the engines are gone', report([result('failed', red, 'AggregateError: connect ECONNREFUSED 127.0.0.1:1')])],
  ])('is neither when %s', (_, what) => {
    expect(judge(mutant, what)).toMatchObject({ outcome: 'unclear' });
  });
});

describe('without its mutant a test', () => {
  test('tells how long it takes when it is green', () => {
    expect(measure(mutant, report([result('passed', red)]))).toEqual({ ms: 70 });
  });

  test.each([
    ['is red already', report([result('failed', red, ASSERTION)])],
    ['is not there', report([other])],
    ['cannot run', report([], 'SyntaxError: unexpected token')],
  ])('that %s proves nothing', (_, what) => {
    expect(measure(mutant, what)).toHaveProperty('unusable');
  });
});
