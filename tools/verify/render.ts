import type { Verdict } from './verdict.ts';

const WIDTH = 80;
const MARK = { held: '✓', broken: '✗', 'not at rest': '…', 'not checkable here': '–' } as const;

/** A line per promise, what is wrong below it, and a closing line; nothing is wider than 80 columns. */
export function renderVerdicts(verdicts: readonly Verdict[]): string {
  const count = (wanted: Verdict['verdict']) => verdicts.filter(({ verdict }) => verdict === wanted).length;
  const resting = count('not at rest') > 0 ? `, ${count('not at rest')} not at rest` : '';
  const closing = `verify: ${count('held')} held, ${count('broken')} broken${resting}, ${count('not checkable here')} not checkable here`;
  return [...verdicts.flatMap(lines), closing].join('\n');
}

function lines({ promise, title, verdict, detail, offenders }: Verdict): string[] {
  const number = promise === 0 ? 'mail' : String(promise);
  const said = verdict === 'held' ? detail : `${verdict}: ${detail}`;
  const head = wrap(`${MARK[verdict]} ${number.padStart(4)}  ${title} · ${said}`, 8);
  return [...head, ...offenders.flatMap((offender) => wrap(`        - ${offender}`, 10))];
}

/** Breaks at spaces; what follows is indented. */
export function wrap(text: string, indent: number): string[] {
  if (text.length <= WIDTH) return [text];
  const at = text.lastIndexOf(' ', WIDTH);
  const cut = at > indent ? at : WIDTH;
  return [text.slice(0, cut), ...wrap(`${' '.repeat(indent)}${text.slice(cut).trimStart()}`, indent)];
}
