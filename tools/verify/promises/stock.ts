import { ordersWithDeadLetter } from '../dead-letters.ts';
import type { Evidence, Levels, Movement, Reservation } from '../evidence.ts';
import { judge, type Verdict } from '../verdict.ts';

const LEVELS = ['available', 'reserved', 'shipped'] as const;
/** Where the goods of an order are, by its status. */
const WHERE: Readonly<Record<string, string>> = {
  confirmed: 'reserved',
  completed: 'shipped',
  refunding: 'shipped',
  refunded: 'returned',
};
const NOTHING = { available: 0, reserved: 0, shipped: 0 };

/** 6. Available + reserved + shipped = initial + replenished; never negative; the ledger's sum equals the level. */
export function stockAddsUp(evidence: Evidence): Verdict {
  const movements = Map.groupBy(evidence.movements, ({ sku }) => sku);
  const reservations = Map.groupBy(evidence.reservations, ({ sku }) => sku);
  const known = new Set(evidence.stock.map(({ sku }) => sku));
  const unknown = [...movements.keys()]
    .filter((sku) => !known.has(sku))
    .map((sku) => `${sku}: moved, and has no level`);
  const offenders = [
    ...unknown,
    ...evidence.stock.flatMap((level) => {
      const own = movements.get(level.sku) ?? [];
      const problems = [
        ...conserved(level, own, evidence),
        ...neverNegative(own),
        ...backed(level, reservations.get(level.sku) ?? []),
      ];
      return problems.map((problem) => `${level.sku}: ${problem}`);
    }),
    ...kept(evidence),
  ];
  const detail = `${evidence.stock.length} products, ${evidence.movements.length} movements`;
  return judge(6, 'stock adds up', detail, offenders);
}

function conserved(level: Levels, movements: readonly Movement[], { replenishments }: Evidence): string[] {
  const sum = movements.reduce((total, movement) => plus(total, movement), NOTHING);
  // What came in: everything else only moves between the levels. What was replenished is told twice, by two tables.
  const came = (as: string) =>
    movements.filter(({ kind }) => kind === as).reduce((total, { available }) => total + available, 0);
  const answered = replenishments
    .filter(({ sku }) => sku === level.sku)
    .reduce((total, { quantity }) => total + quantity, 0);
  const stocked = came('initial') + answered;
  const there = level.available + level.reserved + level.shipped;
  return [
    ...LEVELS.filter((name) => sum[name] !== level[name]).map(
      (name) => `${name} is ${level[name]}, the movements say ${sum[name]}`,
    ),
    ...(came('replenished') === answered
      ? []
      : [`${came('replenished')} were replenished, the requests for it were ${answered}`]),
    ...(there === stocked ? [] : [`${there} in all, ${stocked} came in`]),
  ];
}

/** Also at no moment in between: two orders that both got the last one would show here, and nowhere later. */
function neverNegative(movements: readonly Movement[]): string[] {
  let level = NOTHING;
  for (const movement of movements) {
    level = plus(level, movement);
    const below = LEVELS.find((name) => level[name] < 0);
    if (below) return [`${below} was ${level[below]} after it was ${movement.kind} for order ${movement.orderId}`];
  }
  return [];
}

/** Reserved and shipped are the sums of the reservations in that state. */
function backed(level: Levels, reservations: readonly Reservation[]): string[] {
  return (['reserved', 'shipped'] as const).flatMap((name) => {
    const sum = reservations.filter(({ state }) => state === name).reduce((total, { quantity }) => total + quantity, 0);
    return sum === level[name] ? [] : [`${name} is ${level[name]}, the reservations say ${sum}`];
  });
}

/** Each order's reservation against the order: it is where the order's status says, of the quantities ordered. */
function kept(evidence: Evidence): string[] {
  const excused = ordersWithDeadLetter(evidence, 'checkout');
  const reservations = Map.groupBy(evidence.reservations, ({ orderId }) => orderId);
  const offenders: string[] = [];
  for (const { orderId, status, state } of evidence.orders) {
    const own = reservations.get(orderId) ?? [];
    reservations.delete(orderId);
    const wanted = WHERE[status];
    if (excused.has(orderId)) continue;
    const left = own.find(({ state }) => state === 'shipped' || state === 'returned');
    if (status === 'cancelled' && left) offenders.push(`order ${orderId}: cancelled, and ${left.state}`);
    if (wanted === undefined) continue;
    const ordered = state.items.map(({ sku, quantity }) => `${sku} ${quantity}`).sort();
    const held = own
      .filter((line) => line.state === wanted)
      .map(({ sku, quantity }) => `${sku} ${quantity}`)
      .sort();
    if (ordered.join() !== held.join())
      offenders.push(`order ${orderId}: ${status}, ordered ${ordered.join()}, ${wanted} ${held.join() || 'nothing'}`);
  }
  return [
    ...offenders,
    ...[...reservations.keys()].map((orderId) => `order ${orderId}: holds stock, and is in no database`),
  ];
}

function plus(a: typeof NOTHING, b: typeof NOTHING): typeof NOTHING {
  return { available: a.available + b.available, reserved: a.reserved + b.reserved, shipped: a.shipped + b.shipped };
}
