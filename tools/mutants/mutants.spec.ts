import { expect, test } from '@jest/globals';
import { parseSync } from '@swc/core';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mutate, occurrences } from './mutant.ts';
import { chapters } from './mutants.ts';
import { renderTable, renderVerdict } from './render.ts';

// The list quotes sources and specs. Whoever changes these hears of it here, long before somebody runs it.

const read = (file: string) => readFileSync(join(import.meta.dirname, '../..', file), 'utf8');
const mutants = chapters.flatMap((chapter) => chapter.mutants);

test.each(mutants.map((mutant) => [mutant.name, mutant] as const))('%s still fits the sources', (_, mutant) => {
  const source = read(mutant.file);
  expect(occurrences(source, mutant)).toBe(1);
  const spoiled = mutate(source, mutant);
  expect(spoiled).not.toBe(source);
  // Taken out, not broken: a spec that does not run says nothing.
  parseSync(spoiled, { syntax: 'typescript', decorators: true });
  const spec = read(mutant.spec);
  const isTitle = (title: string) => [`'${title}'`, `"${title}"`, `\`${title}\``].some((text) => spec.includes(text));
  expect(mutant.test.filter((title) => !isTitle(title))).toEqual([]);
});

test('every mutant has a name of its own, in words with dashes, that fits its line', () => {
  const names = mutants.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !/^[a-z]+(-[a-z]+)*$/.test(name))).toEqual([]);
  const lines = mutants.map((mutant) => renderVerdict(mutant, { outcome: 'killed', why: '' }, 100_000));
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});

test.each(chapters)(
  'docs/promises/guarantees.md has the table of “$title” as npm run mutants -- --table prints it',
  (chapter) => {
    expect(read('docs/promises/guarantees.md')).toContain(renderTable(chapter).replace(/^## .*\n\n/, ''));
  },
);
