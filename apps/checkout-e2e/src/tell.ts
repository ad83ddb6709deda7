/** One line with the figures of a fault test, for docs/promises/faults.md. Nothing is asserted of them. */
export function tell(fault: string, figures: Readonly<Record<string, number>>): void {
  const parts = Object.entries(figures).map(([what, count]) => `${count} ${what}`);
  process.stderr.write(`${fault}: ${parts.join(', ')}\n`);
}
