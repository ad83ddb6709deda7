import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { type Mutant, mutate, occurrences } from './mutant.ts';

const repository = join(import.meta.dirname, '../..');
const parts = ['apps', 'libs', 'tools', 'package.json', 'jest.config.mjs', 'tsconfig.base.json'];

/** The sources as they are in the working tree, committed or not, in a place of their own where they may be spoiled. */
export type Copy = {
  readonly folder: string;
  /** Takes the mutant's safeguard out, if it is there once, and says how to put it back. */
  spoil(mutant: Mutant): { back(): void } | { unusable: string };
  remove(): void;
};

export function makeCopy(folder: string): Copy {
  rmSync(folder, { recursive: true, force: true });
  const isSource = (path: string) => !['dist', 'node_modules'].includes(basename(path));
  for (const part of parts) cpSync(join(repository, part), join(folder, part), { recursive: true, filter: isSource });
  linkPackages('node_modules', folder);
  for (const nested of globSync('{apps,libs}/*/node_modules', { cwd: repository })) linkPackages(nested, folder);
  return {
    folder,
    spoil(mutant) {
      const file = join(folder, mutant.file);
      const source = existsSync(file) ? readFileSync(file, 'utf8') : '';
      const times = occurrences(source, mutant);
      if (times !== 1) return { unusable: `its text occurs ${times} times in ${mutant.file}, not once` };
      writeFileSync(file, mutate(source, mutant));
      return { back: () => writeFileSync(file, source) };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The installed packages, but the workspace's own: their links are relative, and lead to the copy's sources from there. */
function linkPackages(packages: string, folder: string): void {
  mkdirSync(join(folder, packages), { recursive: true });
  for (const name of readdirSync(join(repository, packages)).filter((entry) => !entry.startsWith('.'))) {
    const [from, to] = [join(repository, packages, name), join(folder, packages, name)];
    if (name === '@cartwheel') cpSync(from, to, { recursive: true, verbatimSymlinks: true });
    else symlinkSync(from, to);
  }
}
