import { beforeAll, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

// A library that is taken out of this repository has what its package.json declares, and nothing else. So each is copied into
// a folder in which nothing else can be found, without its tests, and compiled there. All of them with one call of the
// compiler: each file looks for packages in the folder of its own library first, and there is nothing above.

const root = join(import.meta.dirname, '../..');
const libraries = [
  ...['primitives', 'messages', 'postgres', 'http', 'observability', 'kafka', 'rabbitmq'],
  ...['outbox', 'inbox', 'parking', 'event-store'],
];
const dependenciesOf = (library: string): string[] => {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'libs', library, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  return Object.keys(dependencies);
};
const OURS = /^@cartwheel\//;

const DEADLINE_MS = 300_000;
let output: string;
beforeAll(() => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cartwheel-extraction-')));
  try {
    for (const library of libraries) extract(library, folder);
    output = compile(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, DEADLINE_MS);

function extract(library: string, folder: string): void {
  const [from, to] = [join(root, 'libs', library), join(folder, library)];
  const isProduct = (path: string) => !path.endsWith('.spec.ts') && !path.endsWith('/fixtures');
  cpSync(join(from, 'src'), join(to, 'src'), { recursive: true, filter: isProduct });
  cpSync(join(from, 'package.json'), join(to, 'package.json'));
  for (const name of dependenciesOf(library)) {
    // Types that a package does not bring along come with it.
    for (const found of OURS.test(name) ? [] : [name, `@types/${name}`]) {
      const installed = join(root, 'node_modules', found);
      if (existsSync(installed)) link(installed, join(to, 'node_modules', found));
    }
    if (OURS.test(name)) link(join(folder, name.replace(OURS, '')), join(to, 'node_modules', name));
  }
}

function link(to: string, at: string): void {
  mkdirSync(dirname(at), { recursive: true });
  symlinkSync(to, at);
}

function compile(folder: string): string {
  link(join(root, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'));
  const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.base.json'), 'utf8')) as {
    compilerOptions: object;
  };
  const own = { composite: false, declaration: false, noEmit: true, noUncheckedSideEffectImports: true };
  const options = { ...compilerOptions, ...own, allowImportingTsExtensions: true };
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: options, include: ['*/src/**/*.ts'] }),
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout, stderr, status } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (stderr !== '' || (status !== 0) !== stdout.includes('error TS'))
    throw new Error(`tsc: ${status} ${stderr}${stdout}`);
  return stdout;
}

test.each(libraries)('%s compiles with nothing at hand but what it declares', (library) => {
  expect(output.split('\n').filter((line) => line.startsWith(`${library}/`))).toEqual([]);
});

test('nothing else fails to compile', () => {
  const isOfLibrary = (line: string) => libraries.some((library) => line.startsWith(`${library}/`));
  expect(output.split('\n').filter((line) => line.includes('error TS') && !isOfLibrary(line))).toEqual([]);
});

test.each(libraries)('%s declares other libraries of this list only, and nothing of the shop', (library) => {
  const ours = dependenciesOf(library).filter((name) => OURS.test(name));
  expect(ours.filter((name) => !libraries.includes(name.replace(OURS, '')))).toEqual([]);
});
