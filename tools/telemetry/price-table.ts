export type Measured = {
  readonly mode: string;
  readonly cpuMsPerOrder: number;
  readonly idleMb: number;
  readonly residentMb: number;
  /** What arrived at the collector. */
  readonly spansPerOrder: number;
};

/**
 * A table for docs/operate/observability.md, of medians. A ratio compares what was measured in one round, with the first mode of the
 * table: what happens to the machine in between happens to both.
 */
export function priceTable(measured: readonly Measured[], modes: readonly string[]): string {
  const of = (wanted: string) => measured.filter(({ mode }) => mode === wanted);
  const base = of(modes[0]!);
  const rows = modes.map((mode) => {
    const own = of(mode);
    const ratios = own.map(({ cpuMsPerOrder }, round) => cpuMsPerOrder / base[round]!.cpuMsPerOrder);
    return [
      mode,
      `${median(own.map(({ cpuMsPerOrder }) => cpuMsPerOrder)).toFixed(1)} ms`,
      median(ratios).toFixed(2),
      `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`,
      median(own.map(({ spansPerOrder }) => spansPerOrder)).toFixed(1),
      `${Math.round(median(own.map(({ idleMb }) => idleMb)) / 5)} MB`,
      `${Math.round(median(own.map(({ residentMb }) => residentMb)) / 5)} MB`,
    ];
  });
  const head = ['mode', 'CPU per order', 'ratio', 'from–to', 'spans', 'memory, idle', 'after the orders'];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
