import { runFixture } from '@cartwheel/testing';
import { expect, test } from '@jest/globals';
import { join } from 'node:path';

const processOf = (who: string) => runFixture(join(import.meta.dirname, 'fixtures/lets-go.ts'), { WHO: who });

test('a rejection that a request let go of is told, and the process goes on', async () => {
  expect(await processOf('request')).toEqual({
    code: 0,
    signal: null,
    output: 'a promise was rejected that nobody awaited',
  });
});

test('a rejection that is nobody’s ends the process: a loop of ours may have died of it', async () => {
  expect(await processOf('nobody')).toMatchObject({ code: 13 });
});
