import { type Mutant, patternOf } from './mutant.ts';

/** The part that matters of what Jest writes with `--json`. */
export type Report = {
  readonly testResults: readonly {
    /** The spec's absolute path. */
    readonly name: string;
    /** Why it did not run at all; else empty, or the failures once more. */
    readonly message: string;
    readonly assertionResults: readonly Result[];
  }[];
};

type Result = {
  readonly fullName: string;
  readonly status: string;
  readonly duration?: number | null;
  readonly failureMessages: readonly string[];
};

/** `unclear`: nothing can be concluded, and that is as bad as a mutant that survived. */
export type Verdict = { readonly outcome: 'killed' | 'survived' | 'unclear'; readonly why: string };

/** What code says that is broken, not unguarded; and what engines make tests say that are gone, or too busy. */
const NO_ANSWER =
  /^(ReferenceError|SyntaxError|TypeError: \S+ is not a function)|ECONNREFUSED|ETIMEDOUT|timeout of \d+ ms for a hook/;

/** Whether the named test, and it alone, went red for what it claims. */
export function judge(mutant: Mutant, report: Report | undefined): Verdict {
  if (!report) return { outcome: 'unclear', why: 'Jest wrote no report' };
  const results = resultsOf(mutant, report);
  if (results.length === 0) return { outcome: 'unclear', why: brokenSpec(mutant, report) ?? 'the test is not there' };
  const failures = failuresOf(results);
  if (failures.length === 0) return { outcome: 'survived', why: 'the test stayed green' };
  const telling = failures.find((failure) => !NO_ANSWER.test(failure));
  if (telling === undefined) return { outcome: 'unclear', why: firstLine(failures[0]!) };
  // Only the named test was selected: others fail when what is set up for all of them does.
  const all = failuresOf(report.testResults.flatMap(({ assertionResults }) => assertionResults));
  if (all.length > failures.length) return { outcome: 'unclear', why: `not this test alone: ${firstLine(telling)}` };
  return { outcome: 'killed', why: firstLine(telling) };
}

/** Without the mutant: how long the test takes, or why it is of no use. */
export function measure(mutant: Mutant, report: Report | undefined): { ms: number } | { unusable: string } {
  const results = report ? resultsOf(mutant, report) : [];
  if (results.length === 0) return { unusable: (report && brokenSpec(mutant, report)) ?? 'the test is not there' };
  const [failure] = failuresOf(results);
  if (failure !== undefined) return { unusable: `red without the mutant too: ${firstLine(failure)}` };
  return { ms: Math.max(...results.map(({ duration }) => duration ?? 0)) };
}

/** A test of a table is several; those that were not selected are `pending`. */
function resultsOf(mutant: Mutant, { testResults }: Report) {
  const pattern = new RegExp(patternOf([mutant]));
  return testResults
    .filter(({ name }) => name.endsWith(mutant.spec))
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ fullName, status }) => pattern.test(fullName) && (status === 'passed' || status === 'failed'));
}

function failuresOf(results: readonly Result[]): string[] {
  return results.flatMap(({ failureMessages }) => failureMessages);
}

function brokenSpec({ spec }: Mutant, { testResults }: Report): string | undefined {
  const broken = testResults.find(({ name, message }) => name.endsWith(spec) && message !== '');
  return broken && `its spec does not run: ${firstLine(broken.message)}`;
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0]!;
}
