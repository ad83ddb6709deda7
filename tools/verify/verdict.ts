export type Verdict = {
  /** Its number in the list of what must always hold; 0 for mails, which have none. */
  readonly promise: number;
  readonly title: string;
  /** `not at rest`: what is missing may only be late, because the shop was still at work when it was read. */
  readonly verdict: 'held' | 'broken' | 'not at rest' | 'not checkable here';
  /** One line: what was counted. */
  readonly detail: string;
  /** Ids and what is wrong with them; under a promise that held, what is worth knowing. */
  readonly offenders: readonly string[];
};

export type Findings = {
  /** What no later moment can mend, for example two captures of one order. */
  readonly wrong?: readonly string[];
  /** What a shop that is still at work may mend: what is missing, or what two places tell differently. */
  readonly late?: readonly string[];
  /** Shown, and breaks nothing. */
  readonly remarks?: readonly string[];
};

/** Whoever has to know that the promises hold takes both as a failure, and says which it was. */
export function hasFailed({ verdict }: Verdict): boolean {
  return verdict === 'broken' || verdict === 'not at rest';
}

/** `broken: 5, mail; not at rest: 7`; `held` when nothing has failed. */
export function failuresOf(verdicts: readonly Verdict[]): string {
  const kinds = (['broken', 'not at rest'] as const).flatMap((kind) => {
    const names = verdicts.filter(({ verdict }) => verdict === kind).map(({ promise }) => promise || 'mail');
    return names.length > 0 ? [`${kind}: ${names.join(', ')}`] : [];
  });
  return kinds.join('; ') || 'held';
}

const SHOWN = 10;

/** `unrest`: why the shop was not at rest; empty when it was, and then what is late is wrong. */
export function judge(
  promise: number,
  title: string,
  detail: string,
  { wrong = [], late = [], remarks = [] }: Findings,
  unrest: readonly string[] = [],
): Verdict {
  const isAtRest = unrest.length === 0;
  const broken = isAtRest ? [...wrong, ...late] : wrong;
  const verdict = broken.length > 0 ? 'broken' : late.length > 0 ? 'not at rest' : 'held';
  const offenders = verdict === 'not at rest' ? late : broken;
  return { promise, title, verdict, detail, offenders: [...cut(offenders), ...cut(remarks)] };
}

function cut(lines: readonly string[]): string[] {
  const more = lines.length - SHOWN;
  return more > 0 ? [...lines.slice(0, SHOWN), `and ${more} more`] : [...lines];
}
