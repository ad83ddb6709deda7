import { type Axis, axisOf } from './axis.ts';
import type { Life, Message } from './life.ts';
import {
  barsOf,
  bottomOf,
  itemsOf,
  type LaneName,
  lanes,
  LEFT,
  place,
  type Placed,
  RIGHT,
  ROW,
  TOP,
  topsOf,
  WIDTH,
} from './picture-layout.ts';
import { instantsOf, type Row, type Stretch } from './tree.ts';
import { escaped, offset, span } from './words.ts';

/** The swim lanes as SVG: time from left to right, one lane per service, an arrow for each hop over a broker. */
export function pictureOf(life: Life, rows: readonly Row[]): string {
  const axis = axisOf(instantsOf(life, rows), WIDTH - LEFT - RIGHT);
  const x = (instant: number) => LEFT + axis.at(instant);
  const items = itemsOf(life, rows, x);
  const placed = lanes.flatMap((lane) =>
    place(
      items.filter((item) => item.lane === lane),
      x,
    ),
  );
  const tops = topsOf(placed);
  const y = ({ lane, row }: Pick<Placed, 'lane' | 'row'>) => tops.get(lane)! + 8 + row * ROW + ROW / 2;
  const height = tops.get('end')! + 8;
  const at = new Map(placed.map((item) => [item.id, { x: item.x, y: y(item) }]));
  const arrows = placed.flatMap((item) => hopsOf(item, { x, at, tops, placed, y }));
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="The order's messages on a time axis, a lane per service">
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0L8 4L0 8z" fill="context-stroke"/></marker></defs>
${lanes.map((lane, index) => bandOf(lane, index, tops)).join('\n')}
${rulerOf(axis, height)}
${arrows.join('\n')}
${placed.map((item) => drawn(item, y(item), x, lanes.indexOf(item.lane))).join('\n')}
</svg>`;
}

function bandOf(lane: LaneName, index: number, tops: ReadonlyMap<string, number>): string {
  const top = tops.get(lane)!;
  const bottom = tops.get(lanes[index + 1] ?? 'end')!;
  return `<g class="${index % 2 === 0 ? 'odd' : ''}"><rect class="band" x="0" y="${top}" width="${WIDTH}" height="${bottom - top}"/>
<text class="name" x="10" y="${(top + bottom) / 2 + 4}">${lane}</text></g>`;
}

/** Offsets at round places of the parts that are to scale, and the cuts with their true length. */
function rulerOf(axis: Axis, height: number): string {
  const cuts = axis.cuts.map(({ from, to, ms }) => {
    const middle = LEFT + (from + to) / 2;
    return `<rect class="cut" x="${LEFT + from}" y="${TOP}" width="${to - from}" height="${height - TOP - 8}"/>
<text class="small" x="${middle}" y="${TOP - 6}" text-anchor="middle">≈ ${span(ms)}</text>`;
  });
  const isFree = (place: number) => !axis.cuts.some(({ from, to }) => place > from - 24 && place < to + 24);
  const total = axis.end - axis.begin;
  const step = roundStep(total - axis.cuts.reduce((sum, { ms }) => sum + ms, 0));
  const ticks: string[] = [];
  for (let after = 0, last = -100; after <= total && ticks.length < 40; after += step) {
    const place = axis.at(axis.begin + after);
    const cut = axis.cuts.find(({ from, to }) => place > from && place < to);
    // There are millions of steps in the days for which an order may hang.
    if (cut) after = Math.floor((cut.until - axis.begin) / step) * step;
    if (!isFree(place) || place - last < 64) continue;
    last = place;
    ticks.push(`<line class="tick" x1="${LEFT + place}" x2="${LEFT + place}" y1="${TOP}" y2="${height - 8}"/>
<text class="small" x="${LEFT + place}" y="${TOP - 6}" text-anchor="middle">${offset(after)}</text>`);
  }
  return [...ticks, ...cuts].join('\n');
}

/** About a tenth of the length, as 1, 2 or 5 times a power of ten, in ms. */
function roundStep(ms: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, ms / 10)));
  return [1, 2, 5, 10].map((one) => one * power).find((one) => one >= ms / 10) ?? power;
}

function drawn(item: Placed, y: number, x: (instant: number) => number, lane: number): string {
  const { label, title, tone, labelX, labelRow, row, anchor, message } = item;
  const bars = barsOf(item).map((stretch) => barOf(stretch, y, x, message));
  const shape =
    message?.kind === 'task' || tone === 'kept' ? '' : `<circle class="dot ${tone}" cx="${item.x}" cy="${y}" r="5"/>`;
  return `<g class="${lane % 2 === 0 ? 'odd' : ''}"><title>${escaped(title)}</title>${bars.join('')}${shape}
<text class="label" x="${labelX}" y="${y + 4 + (labelRow - row) * (ROW - 8)}" text-anchor="${anchor}">${escaped(label)}</text></g>`;
}

function barOf({ kind, from, to }: Stretch, y: number, x: (instant: number) => number, message?: Message): string {
  const [left, right] = [x(from), Math.max(x(to), x(from) + 2)];
  if (kind === 'work') {
    const attempt = message?.attempts.find((one) => one.from === from);
    const tone =
      attempt?.to === undefined
        ? 'running'
        : attempt.outcome === 'done' || attempt.outcome === 'duplicate'
          ? ''
          : 'failed';
    return `<rect class="work ${tone}" x="${left}" y="${y - 6}" width="${right - left}" height="12" rx="2.5"/>`;
  }
  if (kind === 'parked') {
    return `<rect class="parked" x="${left}" y="${y - 4}" width="${right - left}" height="8" rx="2.5"/>`;
  }
  const name = { outbox: 'outbox', rabbitmq: 'queue', rest: 'rest', kafka: 'hop' }[kind];
  return `<path class="${name}" d="M${left} ${y}H${right}"/>`;
}

type Where = {
  readonly x: (instant: number) => number;
  readonly at: ReadonlyMap<string, { readonly x: number; readonly y: number }>;
  readonly tops: ReadonlyMap<string, number>;
  readonly placed: readonly Placed[];
  readonly y: (item: Placed) => number;
};

/** An arrow from a fact to each service that took it, and from a request to what it began. */
function hopsOf(item: Placed, { x, at, tops, placed, y }: Where): string[] {
  const start = at.get(item.id)!;
  if (item.lane === 'client') {
    const first = placed.find(({ message, x: there }) => message?.cause?.startsWith('http:') && there === item.x);
    return first ? [arrow('request', start, { x: first.x, y: y(first) })] : [];
  }
  if (item.message?.kind !== 'fact') return [];
  const { id, taken } = item.message;
  return taken
    .filter(({ by }) => !by.startsWith('analytics') || by === 'analytics.facts')
    .map(({ by, at: when }) => {
      const lane = by.split('.')[0] as LaneName;
      const faint = lane === 'analytics';
      // Where it has a consequence there, the arrow ends at that; else at the edge of the lane.
      const effect = placed
        .filter((one) => one.lane === lane && (one.message?.cause === id || one.keeps === id))
        .toSorted((a, b) => a.x - b.x)[0];
      const edge = tops.get(lane)! > start.y ? tops.get(lane)! + (faint ? 16 : 8) : bottomOf(lane, tops) - 8;
      const end = effect ? { x: effect.x, y: y(effect) } : { x: Math.max(x(when), start.x), y: edge };
      return arrow(faint ? 'hop faint' : 'hop', start, end, effect?.message?.kind === 'fact' ? 6 : 2);
    });
}

type Point = { readonly x: number; readonly y: number };

/** An S from one lane to another; it stops short of what it points at by `gap`. */
function arrow(name: string, from: Point, to: Point, gap = 6): string {
  const down = to.y > from.y ? 1 : -1;
  const end = to.y - down * gap;
  const begin = from.y + down * 5;
  const bend = begin + (end - begin) * 0.5;
  return `<path class="${name}" marker-end="url(#tip)" d="M${from.x} ${begin}C${from.x} ${bend} ${to.x} ${bend} ${to.x} ${end}"/>`;
}
