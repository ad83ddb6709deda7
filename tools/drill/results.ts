import { failuresOf, type Verdict } from '../verify/verdict.ts';
import type { Hit } from './kill.ts';
import { windows } from './windows.ts';

/** What became of one window at one service. */
export type Row = {
  readonly window: string;
  readonly service: string;
  readonly passes: readonly number[];
  readonly missed: readonly string[];
  /** The median, in ms. */
  readonly backAfterMs: number | undefined;
  /** The promises that were broken after its round, or not at rest. */
  readonly failed: readonly Verdict[];
};

export function rowsOf(hits: readonly Hit[], failed: readonly Verdict[]): Row[] {
  return [...Map.groupBy(hits, ({ window, service }) => `${window} ${service}`).values()].map((same) => ({
    window: same[0]!.window,
    service: same[0]!.service,
    passes: same.filter(({ missed }) => missed === undefined).map(({ pass }) => pass),
    missed: same.flatMap(({ missed, pass }) => (missed === undefined ? [] : [`pass ${pass}: ${missed}`])),
    backAfterMs: median(same.flatMap(({ backAfterMs }) => backAfterMs ?? [])),
    failed,
  }));
}

/** In the order of the list of windows, services within it. */
export function inOrder(rows: readonly Row[]): Row[] {
  const place = ({ window }: Row) => windows.findIndex(({ name }) => name === window);
  return rows.toSorted((a, b) => place(a) - place(b));
}

export function hasHeld({ missed, failed }: Row): boolean {
  return missed.length === 0 && failed.length === 0;
}

const WIDTH = 80;
const HEAD = ['window', 'service', 'passes', 'back after', 'verify'];

/** 80 columns, what was missed below its row, and a closing line. */
export function table(rows: readonly Row[]): string {
  const widths = [22, 9, 6, 10, 29];
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, n) => cell.padEnd(widths[n]!))
      .join(' ')
      .trimEnd()
      .slice(0, WIDTH);
  const body = rows.flatMap((row) => [
    line(cellsOf(row)),
    ...row.missed.map((why) => `  ${why.split('\n')[0]}`.slice(0, WIDTH)),
  ]);
  return [line(HEAD), ...body].join('\n');
}

export function markdown(rows: readonly Row[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(HEAD), line(HEAD.map(() => '---')), ...rows.map((row) => line(cellsOf(row)))].join('\n');
}

/** `34 windows, 34 held, 0 broken`: a window of two services counts twice, one that was not reached is broken. */
export function closing(rows: readonly Row[]): string {
  const held = rows.filter(hasHeld).length;
  return `${rows.length} windows, ${held} held, ${rows.length - held} broken`;
}

function cellsOf({ window, service, passes, missed, backAfterMs, failed }: Row): string[] {
  const back = backAfterMs === undefined ? '–' : `${(backAfterMs / 1000).toFixed(1)} s`;
  const verdict = failuresOf(failed);
  return [window, service, passes.join(' ') || 'none', back, missed.length > 0 ? `not reached, ${verdict}` : verdict];
}

export function median(numbers: readonly number[]): number | undefined {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
