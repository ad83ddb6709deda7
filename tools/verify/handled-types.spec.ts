import { factTypes } from '@cartwheel/contracts';
import { expect, test } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { handledTypes } from './handled-types.ts';

const apps = join(import.meta.dirname, '../../apps');
/** Of the files that match: the service that each is of, and what the expression finds there. */
const matches = (pattern: string, expression: RegExp) =>
  globSync(pattern, { cwd: apps }).flatMap((file) =>
    [...readFileSync(join(apps, file), 'utf8').matchAll(expression)].map((found) => ({
      service: file.split('/')[0]!,
      found,
    })),
  );

test('the table of handled types is what the consumers and projections are decorated with', () => {
  const decorated = new Map<string, Set<string>>();
  // One fact or all of them; the group is that of the service, if none is named.
  for (const { service, found } of matches(
    '*/src/**/*.{consumer,projection}.ts',
    /@OnFact\((?:'(\w+)'|factTypes)(?:, '([\w.-]+)')?\)/g,
  )) {
    const [, type, group = service] = found;
    const types = type === undefined ? factTypes : [type];
    decorated.set(group, new Set([...(decorated.get(group) ?? []), ...types]));
  }
  const sorted = (table: Iterable<[string, Iterable<string>]>) =>
    Object.fromEntries([...table].map(([group, types]) => [group, [...types].sort()]));
  expect(sorted(decorated)).toEqual(sorted(Object.entries(handledTypes)));
});

test('no consumer or projection is without a decorator that the table can be compared with', () => {
  const files = globSync('*/src/**/*.{consumer,projection}.ts', { cwd: apps });
  const decorators = matches('*/src/**/*.{consumer,projection}.ts', /@OnFact\((?:'|factTypes)/g);
  expect(files.length).toBeGreaterThan(10);
  expect(decorators.length).toBeGreaterThanOrEqual(files.length);
  expect(matches('*/src/**/*.ts', /@EventPattern/g)).toEqual([]);
});
