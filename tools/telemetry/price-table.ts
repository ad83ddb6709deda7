export type Measured = {
  readonly mode: string;
  readonly cpuMsPerOrder: number;
  readonly idleMb: number;
  readonly residentMb: number;
  /** What arrived at the collector. */
  readonly spansPerOrder: number;
};

/** A table for docs/observability.md: medians, and how far the measurements lie apart; the first mode is what others cost more than. */
export function priceTable(measured: readonly Measured[]): string {
  const modes = [...Map.groupBy(measured, ({ mode }) => mode)];
  const base = median(modes[0]![1].map(({ cpuMsPerOrder }) => cpuMsPerOrder));
  const rows = modes.map(([mode, of]) => {
    const cpu = of.map(({ cpuMsPerOrder }) => cpuMsPerOrder);
    const ratio = median(cpu) / base;
    return [
      mode,
      `${median(cpu).toFixed(1)} ms`,
      `${Math.min(...cpu).toFixed(1)}–${Math.max(...cpu).toFixed(1)}`,
      `${ratio.toFixed(2)}`,
      `${median(of.map(({ spansPerOrder }) => spansPerOrder)).toFixed(1)}`,
      `${Math.round(median(of.map(({ idleMb }) => idleMb)) / 5)} MB`,
      `${Math.round(median(of.map(({ residentMb }) => residentMb)) / 5)} MB`,
    ];
  });
  const head = ['mode', 'CPU per order', 'from–to', 'ratio', 'spans', 'memory, idle', 'after the orders'];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
