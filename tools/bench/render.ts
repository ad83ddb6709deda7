/** A table: a heading and a list of rows, the first column words, the others numbers. */
export type Table = { readonly heads: readonly string[]; readonly rows: readonly (readonly string[])[] };

/** Messages per second of ours, beside those of the thing that limits it. */
export type Compared = { readonly what: string; readonly ours: number; readonly limit: number };

export function ratesTable(compared: readonly Compared[]): Table {
  const rows = compared.map(({ what, ours, limit }) => [what, number(ours), number(limit), (ours / limit).toFixed(2)]);
  return { heads: ['messages per second', 'ours', 'limit', 'ratio'], rows };
}

/** Peak memory in MB of a process with few and with many messages waiting. */
export type Backlog = { readonly what: string; readonly few: number; readonly many: number };

export function backlogTable(backlogs: readonly Backlog[], { few, many }: { few: number; many: number }): Table {
  const rows = backlogs.map((one) => [one.what, number(one.few), number(one.many), (one.many / one.few).toFixed(2)]);
  return { heads: ['peak memory in MB', `${number(few)} wait`, `${number(many)} wait`, 'ratio'], rows };
}

/** What two steps come to that are taken one after the other, in messages per second. */
export function inTurn(first: number, second: number): number {
  return 1 / (1 / first + 1 / second);
}

/** For a terminal: two spaces between columns. */
export function text(table: Table): string {
  return lines(table)
    .map((cells) => cells.join('  ').trimEnd())
    .join('\n');
}

export function markdown(table: Table): string {
  const [head, ...rows] = lines(table);
  const rule = head!.map((cell, column) =>
    column === 0 ? '-'.repeat(cell.length) : `${'-'.repeat(cell.length - 1)}:`,
  );
  return [head!, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function lines({ heads, rows }: Table): string[][] {
  const all = [heads, ...rows];
  const widths = heads.map((_, column) => Math.max(...all.map((cells) => cells[column]!.length)));
  return all.map((cells) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))),
  );
}

/** Whole, in groups of three digits. */
function number(value: number): string {
  return Math.round(value)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, ' ');
}
