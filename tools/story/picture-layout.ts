import type { Life, Message, Parked } from './life.ts';
import { type Row, type Stretch, stretchesOf } from './tree.ts';
import { offset, span } from './words.ts';

// Where everything of the picture stands. Drawing it is picture.ts.

/** All lengths are SVG's user units, which are pixels where the page is wide enough. */
export const WIDTH = 1_200;
export const LEFT = 96;
export const RIGHT = 24;
export const TOP = 34;
export const ROW = 24;
/** How wide a letter of a label is, on average. */
const LETTER = 6.3;

/** From top to bottom. */
export const lanes = ['client', 'order', 'payment', 'inventory', 'email', 'analytics'] as const;
export type LaneName = (typeof lanes)[number];

/** Something that is drawn in a lane: it begins at a dot, may have a bar, and has a label. */
type Item = {
  readonly id: string;
  readonly lane: LaneName;
  readonly x: number;
  readonly label: string;
  readonly title: string;
  readonly tone: string;
  readonly stretches: readonly Stretch[];
  readonly message?: Message;
  /** The message that was set aside here. */
  readonly keeps?: string;
};
export type Placed = Item & {
  readonly row: number;
  readonly labelRow: number;
  readonly labelX: number;
  readonly anchor: 'start' | 'end';
};

/** Requests, messages and what was set aside, each in the lane of who made it. `x` is where an instant stands. */
export function itemsOf(life: Life, rows: readonly Row[], x: (instant: number) => number): Item[] {
  return rows.flatMap((row, index): Item[] => {
    const { message, who, what, note, at } = row;
    if (who === 'client' && at !== undefined) {
      const request = { lane: 'client', x: x(at), label: what, title: what, tone: 'request', stretches: [] } as const;
      return [{ ...request, id: `request ${index}` }];
    }
    if (!message) return [];
    const isBad = message.parked.length > 0 || /Declined|Failed|Rejected|Cancelled/.test(message.type);
    const isEnd = ['OrderCompleted', 'OrderRefunded'].includes(message.type);
    return [
      {
        id: message.id,
        lane: message.from,
        x: x(message.at),
        label: `${what}${note === '' ? '' : ` ${note}`}`,
        title: titleOf(life, message),
        tone: isBad ? 'bad' : isEnd ? 'end' : '',
        stretches: stretchesOf(life, message).filter(({ kind }) => kind !== 'parked'),
        message,
      },
      ...message.parked.map((row) => keptItem(life, message, row, x)),
    ];
  });
}

/** What a reader has set aside stands in the reader's lane. */
function keptItem(life: Life, message: Message, row: Parked, x: (instant: number) => number): Item {
  const { consumer, service, position, state, since = life.now } = row;
  const label = `${message.type} is ${state} at ${consumer}`;
  return {
    id: `${service}/${position}`,
    lane: service,
    x: x(since),
    label,
    title: `${label}: ${service}/${position}`,
    tone: 'kept',
    stretches: [{ kind: 'parked', from: since, to: life.now }],
    keeps: message.id,
  };
}

/** First row in which neither bar nor label touches what is there already. A label without room beside its bar is above it. */
export function place(items: readonly Item[], x: (instant: number) => number): Placed[] {
  const rows: { from: number; to: number }[][] = [];
  return items
    .toSorted((a, b) => a.x - b.x)
    .map((item) => {
      const width = item.label.length * LETTER + 14;
      const end = Math.max(item.x, ...barsOf(item).map(({ to }) => x(to)));
      const fitsRight = end + width < WIDTH;
      const fitsLeft = item.x - width > LEFT;
      if (!fitsRight && !fitsLeft) {
        rows.push([{ from: item.x, to: item.x + width }], [{ from: item.x - 6, to: end + 6 }]);
        return { ...item, row: rows.length - 1, labelX: item.x + 8, labelRow: rows.length - 2, anchor: 'start' };
      }
      const [from, to] = fitsRight ? [item.x - 6, end + width] : [item.x - width, end + 6];
      let row = rows.findIndex((taken) => taken.every((one) => to < one.from || from > one.to));
      if (row < 0) row = rows.push([]) - 1;
      rows[row]!.push({ from, to });
      const label = fitsRight ? { labelX: end + 8, anchor: 'start' } : { labelX: item.x - 8, anchor: 'end' };
      return { ...item, row, labelRow: row, ...label } as Placed;
    });
}

/** What is drawn beside the dot; a fact's way over Kafka is an arrow instead. */
export function barsOf({ stretches }: Pick<Item, 'stretches'>): Stretch[] {
  return stretches.filter(({ kind }) => kind !== 'kafka');
}

/** Where each lane begins, by its name, and under `end` where the last one ends. */
export function topsOf(placed: readonly Placed[]): Map<string, number> {
  const tops = new Map<string, number>();
  let top = TOP;
  for (const lane of lanes) {
    tops.set(lane, top);
    const rows = Math.max(1, ...placed.filter((item) => item.lane === lane).map(({ row }) => row + 1));
    top += rows * ROW + 16;
  }
  return tops.set('end', top);
}

export function bottomOf(lane: LaneName, tops: ReadonlyMap<string, number>): number {
  return tops.get(lanes[lanes.indexOf(lane) + 1] ?? 'end')!;
}

function titleOf({ messages }: Life, message: Message): string {
  const { type, note, id, at, record, taken, attempts } = message;
  const begin = messages[0]!.at;
  return [
    `${type} ${note}`.trim(),
    `${offset(at - begin)}  id ${id}`,
    ...(record ? [`${record.topic} ${record.partition}@${record.offset}, ${offset(record.at - begin)}`] : []),
    ...taken.map(({ by, at: when }) => `taken by ${by} ${offset(when - begin)}`),
    ...attempts.map(
      ({ n, from, to, error, outcome }) =>
        `attempt ${n} ${offset(from - begin)}, ${to === undefined ? 'no end' : span(to - from)}: ${error ?? outcome ?? ''}`,
    ),
  ].join('\n');
}
