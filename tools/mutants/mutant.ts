/**
 * A safeguard, how it is taken out, and the test that must then fail. The texts are quoted from the sources as they stand
 * there; mutants.spec.ts says when one of them does not stand there any more.
 */
export type Mutant = {
  /** Names what is done to the code, in words with dashes. */
  readonly name: string;
  /** What holds because the safeguard is there. */
  readonly promise: string;
  readonly file: string;
  /** Occurs in `file` exactly once … */
  readonly from: string;
  /** … and this stands there instead. */
  readonly to: string;
  readonly spec: string;
  /** The titles of its `describe`s and its own, as the spec has them; `%s` where the spec has it. */
  readonly test: readonly string[];
};

/** Mutants of one part, with the title that they have in docs/promises/guarantees.md. */
export type Chapter = { readonly title: string; readonly mutants: readonly Mutant[] };

/** How often the mutant's text stands in this source. */
export function occurrences(source: string, { from }: Mutant): number {
  return source.split(from).length - 1;
}

/** The source without its safeguard. */
export function mutate(source: string, { from, to }: Mutant): string {
  // Not as a string: `$&` in a replacement has a meaning of its own.
  return source.replace(from, () => to);
}

/** Matches what Jest calls the test, and no other: the titles in a row, with something where a table fills them in. */
export function patternOf(mutants: readonly Pick<Mutant, 'test'>[]): string {
  const escaped = (title: string) => title.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const names = mutants.map(({ test }) => escaped(test.join(' ')).replaceAll(/%[sjp]/g, '.*'));
  return `^(${[...new Set(names)].join('|')})$`;
}
