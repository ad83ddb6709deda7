/** A time axis on which long stretches of nothing are cut short, and the rest is to scale. */
export type Axis = {
  /** Where an instant is, from 0 to `width`. */
  readonly at: (instant: number) => number;
  /** The stretches that were cut: where each is drawn, how long it is in truth (ms), and the instant of its end. */
  readonly cuts: readonly { readonly from: number; readonly to: number; readonly ms: number; readonly until: number }[];
  readonly begin: number;
  readonly end: number;
};

/** How many stretches have to be short before a long one is cut for their sake. */
const WORTH_SEEING = 3;
/** How long a stretch that is cut may be drawn, as a part of all those that are not. */
const LARGEST_SHARE = 0.35;

/** `instants` in ms, in any order; at least one. */
export function axisOf(instants: readonly number[], width: number): Axis {
  const points = [...new Set(instants)].sort((a, b) => a - b);
  const gaps = points.slice(1).map((point, index) => point - points[index]!);
  const limit = limitOf(gaps);
  const drawn = gaps.map((gap) => Math.min(gap, limit));
  const total = drawn.reduce((sum, gap) => sum + gap, 0) || 1;
  const places = [0];
  for (const gap of drawn) places.push(places.at(-1)! + (gap / total) * width);
  const begin = points[0]!;
  const end = points.at(-1)!;
  return {
    begin,
    end,
    cuts: gaps.flatMap((ms, index) =>
      ms > limit * 1.01 ? [{ from: places[index]!, to: places[index + 1]!, ms, until: points[index + 1]! }] : [],
    ),
    at(instant) {
      if (instant <= begin) return 0;
      if (instant >= end) return width;
      const next = points.findIndex((point) => point > instant);
      const share = (instant - points[next - 1]!) / gaps[next - 1]!;
      return places[next - 1]! + share * (places[next]! - places[next - 1]!);
    },
  };
}

/**
 * The length at which a stretch is cut: all that are longer than everything shorter together, where there is something to
 * see between the shorter ones. Together they then take about half of the axis.
 */
function limitOf(gaps: readonly number[]): number {
  const sorted = gaps.toSorted((a, b) => a - b);
  let shorter = 0;
  for (const [index, gap] of sorted.entries()) {
    if (index >= WORTH_SEEING && gap > shorter) {
      const share = Math.min(LARGEST_SHARE, 1.2 / (sorted.length - index));
      return Math.max(sorted[index - 1]!, shorter * share);
    }
    shorter += gap;
  }
  return Infinity;
}
