export type Verdict = {
  /** Its number in the list of what must always hold; 0 for mails, which have none. */
  readonly promise: number;
  readonly title: string;
  readonly verdict: 'held' | 'broken' | 'not checkable here';
  /** One line: what was counted. */
  readonly detail: string;
  /** Ids and what is wrong with them; under a promise that held, what is worth knowing. */
  readonly offenders: readonly string[];
};

const SHOWN = 10;

/** Held when there is no offender. `remarks` are shown and break nothing. */
export function judge(
  promise: number,
  title: string,
  detail: string,
  offenders: readonly string[],
  remarks: readonly string[] = [],
): Verdict {
  const verdict = offenders.length > 0 ? 'broken' : 'held';
  return { promise, title, verdict, detail, offenders: [...cut(offenders), ...cut(remarks)] };
}

function cut(lines: readonly string[]): string[] {
  const more = lines.length - SHOWN;
  return more > 0 ? [...lines.slice(0, SHOWN), `and ${more} more`] : [...lines];
}
