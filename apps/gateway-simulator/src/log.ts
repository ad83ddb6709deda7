/** What failed and where. Without the message, which may quote what it could not read. */
export function causeOf(error: unknown): { error: string; where: string } {
  if (!(error instanceof Error)) return { error: typeof error, where: '' };
  const where = error.stack?.split('\n').find((line) => line.trimStart().startsWith('at ')) ?? '';
  return { error: error.name, where: where.trim() };
}

/** One JSON line per event. Callers pass ids, codes and counts: never parameters, metadata or header values. */
export type Log = (event: string, fields?: Readonly<Record<string, string | number | boolean | null>>) => void;

export const logToStdout: Log = (event, fields = {}) => {
  process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), event, ...fields })}\n`);
};
