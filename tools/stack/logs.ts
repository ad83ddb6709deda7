import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

const MOST_BYTES = 256 * 1024;

/** The text of a log file from a byte position on, at most its last 256 kB. */
export function readFrom(file: string, position: number): string {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const from = Math.max(position, size - MOST_BYTES);
    const buffer = Buffer.alloc(Math.max(0, size - from));
    return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, buffer.length, from));
  } finally {
    closeSync(descriptor);
  }
}

/** The last lines that say something, indented, none longer than a terminal shows. */
export function tail(log: string, lines: number): string {
  const said = stripVTControlCharacters(log).split('\n').filter((line) => line.trim() !== '');
  if (said.length === 0) return '  (the log is empty)';
  return said
    .slice(-lines)
    .map((line) => `  ${line.slice(0, 160)}`)
    .join('\n');
}
