/** A time axis on which long stretches of nothing are cut short, and the rest is to scale. */
export type Axis = {
  /** Where an instant is, from 0 to `width`. */
  readonly at: (instant: number) => number;
  /** The stretches that were cut: where each is drawn, and how long it is in truth (ms). */
  readonly cuts: readonly { readonly from: number; readonly to: number; readonly ms: number }[];
  readonly begin: number;
  readonly end: number;
};

/** No stretch between two instants may take more of the axis than this. */
const LARGEST_SHARE = 0.16;

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
      ms > limit * 1.01 ? [{ from: places[index]!, to: places[index + 1]!, ms }] : [],
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

/** The length at which a stretch is cut, so that the longest takes its share of what is left and no more. */
function limitOf(gaps: readonly number[]): number {
  const share = Math.max(LARGEST_SHARE, 1 / Math.max(1, gaps.length));
  let limit = Math.max(0, ...gaps);
  for (let round = 0; round < 100; round += 1) {
    const total = gaps.reduce((sum, gap) => sum + Math.min(gap, limit), 0);
    if (limit <= share * total * 1.01) break;
    limit = share * total;
  }
  return limit;
}
