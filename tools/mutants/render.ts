import type { Verdict } from './judge.ts';
import type { Chapter, Mutant } from './mutant.ts';
import { wrap } from '../verify/render.ts';

const NAME_WIDTH = 58;
const MARK = { killed: '✓', survived: '✗', unclear: '✗' } as const;

/** A line, and where something is wrong what that is; nothing is wider than 80 columns. */
export function renderVerdict(mutant: Mutant, { outcome, why }: Verdict, ms: number): string {
  const head = `${MARK[outcome]} ${outcome.padEnd(8)}  ${mutant.name.padEnd(NAME_WIDTH)} ${seconds(ms).padStart(8)}`;
  if (outcome === 'killed') return head;
  const lines = [why, `promise: ${mutant.promise}`, `test: ${mutant.test.join(' ')}`, `spec: ${mutant.spec}`];
  return [head, ...lines.flatMap((line) => wrap(`            ${line}`, 14))].join('\n');
}

export function renderSummary(verdicts: readonly Verdict[]): string {
  const count = (wanted: Verdict['outcome']) => verdicts.filter(({ outcome }) => outcome === wanted).length;
  const unclear = count('unclear') > 0 ? `, ${count('unclear')} unclear` : '';
  return `${count('killed')} killed, ${count('survived')} survived${unclear}`;
}

/** What there is, without trying it. */
export function renderList({ title, mutants }: Chapter): string {
  return [title, ...mutants.flatMap(({ name, promise }) => [`  ${name}`, ...wrap(`      ${promise}`, 6)])].join('\n');
}

/** A chapter of docs/promises/guarantees.md, laid out as prettier does. */
export function renderTable({ title, mutants }: Chapter): string {
  const rows = mutants.map(({ promise, name, test, spec }) => [promise, `\`${name}\``, goesRed(test, spec)]);
  const table = [['What holds', 'Taken out by', 'Test that goes red'], ...rows].map((row) =>
    row.map((cell) => cell.replaceAll('|', '\\|')),
  );
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  const [head, ...body] = table.map((row) => `| ${row.map((cell, n) => cell.padEnd(widths[n]!)).join(' | ')} |`);
  return [`## ${title}`, '', head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body].join('\n');
}

/** A title reads on from its describe's; a table fills in what stands here as `…`. */
function goesRed(test: readonly string[], spec: string): string {
  return `${test.join(' ').replaceAll(/%[sj]/g, '…')} (\`${spec.split('/').at(-1)}\`)`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
