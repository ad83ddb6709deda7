export type AlarmRow = {
  readonly alarm: string;
  readonly broken: string;
  /** From when all was broken to the alarm. */
  readonly firedAfterMs?: number;
  /** From when all was mended to the alarm's end. */
  readonly endedAfterMs?: number;
  /** What fired too, meanwhile. */
  readonly beside: readonly string[];
  /** Why it did not fire, or did not end. */
  readonly missed?: string;
};

export const hasFiredAndEnded = ({ missed }: AlarmRow) => missed === undefined;

const HEAD = ['alarm', 'broken', 'fires after', 'ends after', 'beside it'];

/** For docs/promises/drill.md. */
export function alarmsTable(rows: readonly AlarmRow[]): string {
  const seconds = (ms: number | undefined) => (ms === undefined ? 'never' : `${Math.round(ms / 1_000)} s`);
  const cells = rows.map(({ alarm, broken, firedAfterMs, endedAfterMs, beside }) => {
    return [alarm, broken, seconds(firedAfterMs), seconds(endedAfterMs), beside.join(', ') || '–'];
  });
  return [HEAD, HEAD.map(() => '---'), ...cells].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

/** `13 faults, 13 alarms fired and ended` */
export function alarmsClosing(rows: readonly AlarmRow[]): string {
  return `${rows.length} faults, ${rows.filter(hasFiredAndEnded).length} alarms fired and ended`;
}
