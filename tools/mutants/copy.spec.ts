import { afterAll, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCopy } from './copy.ts';
import { chapters } from './mutants.ts';

const repository = join(import.meta.dirname, '../..');
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mutants-')));
const copy = makeCopy(folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [mutant] = chapters[0]!.mutants;
const inCopy = () => readFileSync(join(folder, mutant!.file), 'utf8');
const original = readFileSync(join(repository, mutant!.file), 'utf8');

test('a mutant is put into the copy and taken out again, and the sources it was made of stay as they are', () => {
  const put = copy.spoil(mutant!);
  expect(inCopy()).not.toBe(original);
  expect(readFileSync(join(repository, mutant!.file), 'utf8')).toBe(original);
  if ('back' in put) put.back();
  expect(inCopy()).toBe(original);
});

test('a mutant whose text is not there, or is there twice, is not put in', () => {
  for (const from of ['a text that nobody wrote', 'the']) {
    expect(copy.spoil({ ...mutant!, from })).toHaveProperty('unusable');
    expect(inCopy()).toBe(original);
  }
});

test('the packages of the workspace are those of the copy, the installed ones are linked', () => {
  const place = (name: string) => realpathSync(join(folder, 'node_modules', name));
  expect(place('@cartwheel/outbox')).toBe(join(folder, 'libs/outbox'));
  expect(place('kafkajs')).toBe(realpathSync(join(repository, 'node_modules/kafkajs')));
});

test('a copy that is removed is gone, and nothing else is', () => {
  copy.remove();
  expect(() => realpathSync(folder)).toThrow('ENOENT');
  expect(realpathSync(join(repository, 'node_modules/kafkajs/package.json'))).toContain('kafkajs');
});
