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

/** The lines that tell what went wrong: around the first error, else the last ones; none longer than a terminal shows. */
export function tellingLines(log: string, most = 10): string {
  const said = stripVTControlCharacters(log)
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s+at /.test(line));
  if (said.length === 0) return '  (the log is empty)';
  const firstError = said.findIndex((line) => /\b(ERROR|FATAL)\b|\[error\]|Exception|Error:/.test(line));
  const from = firstError === -1 ? Math.max(0, said.length - most) : Math.max(0, firstError - 2);
  return said
    .slice(from, from + most)
    .map((line) => `  ${line.slice(0, 160)}`)
    .join('\n');
}

/** The words of PostgreSQL, Kafka, Node, the Erlang VM, RabbitMQ and epmd for a port in use. */
export function saysPortTaken(log: string): boolean {
  return /address already in use|eaddrinuse|dist_port_already_used|already a epmd running/i.test(log);
}
