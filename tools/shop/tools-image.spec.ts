import { expect, test } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

const root = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** What a file needs at run time of other files: an import of types alone is taken away. */
const importsOf = (file: string) =>
  [...read(file).matchAll(/^(?:import|export) (?!type )[^;]*?from '(\.[^']+)'/gms)].map(([, path]) =>
    relative(root, join(root, dirname(file), path!)),
  );

/** The sources of a service that the image of the tools has. */
function isKept(file: string): boolean {
  const [, kept = ''] = /find apps (.*?) -print/.exec(read('infra/docker/service.Dockerfile'))!;
  const folders = [...kept.matchAll(/! -path '\*([^']+)\*'/g)].map(([, folder]) => folder!);
  const names = [...kept.matchAll(/! -name '([^']+)'/g)].map(([, name]) => name!.replace('*', ''));
  return names.some((name) => basename(file).endsWith(name)) || folders.some((folder) => file.includes(folder));
}

test('the image of the tools has every source of a service that set-up, demo, load and welcome need', () => {
  const inContainer = ['setup/in-container', 'demo/play-in-container', 'load/main', 'shop/welcome'];
  const open = inContainer.map((name) => `tools/${name}.ts`);
  const seen = new Set<string>();
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (!seen.has(file)) open.push(...importsOf(file));
    seen.add(file);
  }
  const ofServices = [...seen].filter((file) => file.startsWith('apps/'));
  expect(ofServices.length).toBeGreaterThan(globSync('apps/*/src/*.schema.ts', { cwd: root }).length);
  expect(ofServices.filter((file) => !isKept(file))).toEqual([]);
});
