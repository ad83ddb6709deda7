import type { FactData } from '@cartwheel/contracts';
import { ordersWithDeadLetter } from '../dead-letters.ts';
import type { Evidence, Levels, Movement, Reservation } from '../evidence.ts';
import { firstOccurrences } from '../log.ts';
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
  const announced = announcedReplenishments(evidence);
  const ofEach = (problems: (level: Levels, own: readonly Movement[]) => string[]) =>
    evidence.stock.flatMap((level) =>
      problems(level, movements.get(level.sku) ?? []).map((problem) => `${level.sku}: ${problem}`),
    );
  const wrong = [
    ...unknown,
    ...ofEach((level, own) => [
      ...conserved(level, own),
      ...asked(level, own, evidence),
      ...neverNegative(own),
      ...backed(level, reservations.get(level.sku) ?? []),
    ]),
  ];
  const late = [
    ...ofEach((level, own) => cameIn(level, own, announced.get(level.sku) ?? 0)),
    ...[...announced.keys()].filter((sku) => !known.has(sku)).map((sku) => `${sku}: replenished, and has no level`),
    ...kept(evidence),
  ];
  const detail = `${evidence.stock.length} products, ${evidence.movements.length} movements`;
  return judge(6, 'stock adds up', detail, { wrong, late }, evidence.unrest);
}

/** The ledger's sums are the levels. */
function conserved(level: Levels, movements: readonly Movement[]): string[] {
  const sum = movements.reduce((total, movement) => plus(total, movement), NOTHING);
  return LEVELS.filter((name) => sum[name] !== level[name]).map(
    (name) => `${name} is ${level[name]}, the movements say ${sum[name]}`,
  );
}

/** What came in, everything else only moves between the levels: by the ledger, and by the facts, which are kept for ever. */
function cameIn(level: Levels, movements: readonly Movement[], announced: number): string[] {
  const there = level.available + level.reserved + level.shipped;
  const stocked = came(movements, 'initial') + announced;
  const replenished = came(movements, 'replenished');
  return [
    ...(replenished === announced ? [] : [`${replenished} were replenished, ${announced} were announced`]),
    ...(there === stocked ? [] : [`${there} in all, ${stocked} came in`]),
  ];
}

/** Keys are forgotten after 24 hours: what is younger has one, and whatever a key answers came in. */
function asked(level: Levels, movements: readonly Movement[], { replenishments }: Evidence): string[] {
  const ours = replenishments.filter(({ sku }) => sku === level.sku);
  const answered = ours.reduce((total, { quantity }) => total + quantity, 0);
  const lately = came(
    movements.filter(({ recent }) => recent),
    'replenished',
  );
  const ever = came(movements, 'replenished');
  return [
    ...(lately > answered ? [`${lately} were replenished, the requests for it were ${answered}`] : []),
    ...(answered > ever ? [`${ever} were replenished, the requests for it were ${answered}`] : []),
  ];
}

function came(movements: readonly Movement[], as: string): number {
  return movements.filter(({ kind }) => kind === as).reduce((total, { available }) => total + available, 0);
}

function announcedReplenishments(evidence: Evidence): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { type, subject, data } of firstOccurrences(evidence).values())
    if (type === 'StockReplenished')
      sums.set(subject, (sums.get(subject) ?? 0) + (data as FactData<'StockReplenished'>).quantity);
  return sums;
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
    for (const line of own.filter(({ state }) => state !== wanted))
      offenders.push(`order ${orderId}: ${status}, and ${line.quantity} ${line.sku} ${line.state}`);
  }
  return [
    ...offenders,
    ...[...reservations.keys()].map((orderId) => `order ${orderId}: holds stock, and is in no database`),
  ];
}

function plus(a: typeof NOTHING, b: typeof NOTHING): typeof NOTHING {
  return { available: a.available + b.available, reserved: a.reserved + b.reserved, shipped: a.shipped + b.shipped };
}
