import { brief } from '../story/words.ts';
import { lagOf, type Row, type Sample } from './measure.ts';
import type { Queue } from './read.ts';

const columns = [
  { title: 'group', width: 23, of: (row: Row) => row.group },
  { title: 'topic', width: 17, of: (row: Row) => row.topic },
  { title: 'behind', width: 7, of: ({ behind, partitions }: Row) => `${behind}/${partitions}` },
  { title: 'lag', width: 8, of: (row: Row) => String(row.lag) },
  { title: 'in/s', width: 6, of: (row: Row) => rate(row.inRate) },
  { title: 'out/s', width: 6, of: (row: Row) => rate(row.outRate) },
  { title: 'drained', width: 7, of: ({ drainedIn, lag }: Row) => drained(lag, drainedIn) },
] as const;

/** A line per group and topic; nothing is wider than 80 columns. */
export function renderGroups(rows: readonly Row[]): string {
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => {
        const { width } = columns[index]!;
        const cut = cell.length > width ? `…${cell.slice(1 - width)}` : cell;
        return index < 2 ? cut.padEnd(width) : cut.padStart(width);
      })
      .join(' ')
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...rows.map((row) => line(columns.map(({ of }) => of(row))))].join(
    '\n',
  );
}

/** The partitions that have something left to read, most first. */
export function renderPartitions({ partitions }: Sample): string {
  const behind = partitions.filter((one) => lagOf(one) > 0).toSorted((a, b) => lagOf(b) - lagOf(a));
  if (behind.length === 0) return 'No partition has anything left to read.';
  return behind
    .map((one) => `${one.group} ${one.topic} ${one.partition}@${Math.max(one.low, one.committed)}: ${lagOf(one)} left`)
    .map((line) => line.slice(0, 80))
    .join('\n');
}

/** The work queues, and of the others those that hold something. */
export function renderQueues(queues: readonly Queue[]): string {
  const shown = queues.filter(({ name, ready }) => ready > 0 || !/\.(retry\.\w+|dead)$/.test(name));
  const name = (text: string) => text.slice(-40).padEnd(41);
  const lines = shown.map(
    (queue) => `${name(queue.name)}${String(queue.ready).padStart(8)}${String(queue.workers).padStart(9)}`,
  );
  return [`${name('queue')}${'ready'.padStart(8)}${'workers'.padStart(9)}`, ...lines].join('\n');
}

function rate(perSecond: number): string {
  return perSecond >= 99.5 || perSecond === 0 ? String(Math.round(perSecond)) : perSecond.toFixed(1);
}

function drained(lag: number, seconds: number | 'never'): string {
  if (lag === 0) return '–';
  return seconds === 'never' ? 'never' : brief(seconds * 1_000).replace(' ', '');
}
