import type { Progress } from '../stack/progress.ts';
import type { Stack } from '../stack/stack.ts';
import type { Copy } from './copy.ts';
import { judge, measure, type Report, type Verdict } from './judge.ts';
import type { Mutant } from './mutant.ts';
import { runJest } from './run-jest.ts';

type Surroundings = {
  readonly folder: string;
  readonly stack: Stack;
  readonly signal: AbortSignal;
  readonly progress: Progress;
};

/** Without a mutant a test waits for what does not come as long as ever; with one, three times what it took, or this. */
const PATIENT_MS = 45_000;
const AT_LEAST_MS = 5_000;

/** Runs the named tests as they are, then each with its mutant: as many at a time as there are copies, told in their order. */
export async function tryAll(
  mutants: readonly Mutant[],
  copies: readonly Copy[],
  { progress, ...surroundings }: Surroundings,
  tell: (mutant: Mutant, verdict: Verdict, ms: number) => void,
): Promise<Verdict[]> {
  const before = await progress.step('the tests as they are', () =>
    runJest(copies[0]!, mutants, { ...surroundings, hangGuardMs: PATIENT_MS, workers: copies.length }),
  );
  const waiting = [...mutants.entries()];
  const done: { verdict: Verdict; ms: number }[] = [];
  let told = 0;
  const inTurn = async (copy: Copy) => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [place, mutant] = next;
      const since = Date.now();
      const verdict = await tryOne(mutant, copy, before, surroundings);
      done[place] = { verdict, ms: Date.now() - since };
      for (; done[told]; told += 1) tell(mutants[told]!, done[told]!.verdict, done[told]!.ms);
    }
  };
  const ends = await Promise.allSettled(copies.map(inTurn));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
  return done.map(({ verdict }) => verdict);
}

async function tryOne(
  mutant: Mutant,
  copy: Copy,
  before: Report | undefined,
  surroundings: Omit<Surroundings, 'progress'>,
): Promise<Verdict> {
  const asItIs = measure(mutant, before);
  if ('unusable' in asItIs) return { outcome: 'unclear', why: asItIs.unusable };
  const put = copy.spoil(mutant);
  if ('unusable' in put) return { outcome: 'unclear', why: put.unusable };
  try {
    const hangGuardMs = Math.max(AT_LEAST_MS, 3 * asItIs.ms);
    return judge(mutant, await runJest(copy, [mutant], { ...surroundings, hangGuardMs, workers: 1 }));
  } finally {
    put.back();
  }
}
