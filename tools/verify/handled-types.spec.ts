import { factTypes } from '@cartwheel/contracts';
import { expect, test } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { handledTypes } from './handled-types.ts';

const apps = join(import.meta.dirname, '../../apps');
const matches = (pattern: string, expression: RegExp) =>
  globSync(pattern, { cwd: apps }).flatMap((file) => [...readFileSync(join(apps, file), 'utf8').matchAll(expression)]);

test('the table of handled types is what the consumers and projections are decorated with', () => {
  const transports = matches('*/src/*.transports.ts', /export const (\w+) = Symbol\('([\w.-]+)'\)/g);
  const groupOf = new Map(transports.map(([, name, group]) => [name, group]));
  const patterns = matches(
    '*/src/**/*.{consumer,projection}.ts',
    /@EventPattern(?:<\w+>)?\(\s*([^)]*?),\s*(\w+),?\s*\)/g,
  );
  const decorated = new Map<string, Set<string>>();
  for (const [, pattern, transport] of patterns) {
    const group = groupOf.get(transport) ?? `the transport ${transport} of no group`;
    const types = pattern === 'factTypes' ? factTypes : [...pattern!.matchAll(/'(\w+)'/g)].map(([, type]) => type!);
    const known = decorated.get(group) ?? new Set();
    decorated.set(group, new Set([...known, ...types]));
  }
  const sorted = (table: Iterable<[string, Iterable<string>]>) =>
    Object.fromEntries([...table].map(([group, types]) => [group, [...types].sort()]));
  expect(sorted(decorated)).toEqual(sorted(Object.entries(handledTypes)));
});

test('no consumer or projection is without a decorator that the table can be compared with', () => {
  const files = globSync('*/src/**/*.{consumer,projection}.ts', { cwd: apps });
  const decorators = matches('*/src/**/*.{consumer,projection}.ts', /@EventPattern/g);
  expect(files.length).toBeGreaterThan(10);
  expect(decorators.length).toBeGreaterThanOrEqual(files.length);
});
