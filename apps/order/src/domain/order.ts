import { add, type Money, times, zero } from '@cartwheel/primitives';

/**
 *            both answers are in           the money is in
 *   placed ───────────────────▶ confirmed ───────────────▶ completed
 *     │ declined · short · nobody answered     │ the capture failed for good
 *     └────────────────▶ cancelled ◀───────────┘
 *
 * placed     waits for payment and stock, which answer in any order; `paymentNoted`, `stockNoted` say who has.
 * confirmed  stock is reserved and money is held; the capture is asked for. No time-out any more.
 * completed  the money is received. cancelled: payment and inventory undo what they did, when they read of it.
 *
 * A fact that repeats itself, or comes too late, changes nothing.
 */
export type OrderLine = {
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly unitPrice: Money;
};
export type Customer = { readonly name: string; readonly email: string };
export type CancellationReason = 'payment-declined' | 'stock-short' | 'timed-out' | 'capture-failed';

type Placement = {
  readonly orderId: string;
  readonly customer: Customer;
  readonly items: readonly OrderLine[];
  readonly total: Money;
  readonly paymentMethod: string;
};
export type PlacedOrder = Placement & {
  readonly status: 'placed';
  readonly paymentNoted: boolean;
  readonly stockNoted: boolean;
};
export type ConfirmedOrder = Placement & { readonly status: 'confirmed' };
export type CompletedOrder = Placement & { readonly status: 'completed' };
export type CancelledOrder = Placement & { readonly status: 'cancelled'; readonly reason: CancellationReason };
export type Order = PlacedOrder | ConfirmedOrder | CompletedOrder | CancelledOrder;

export type OrderEvent =
  | ({ readonly type: 'OrderPlaced' } & Placement)
  | { readonly type: 'PaymentNoted' }
  | { readonly type: 'StockNoted' }
  | { readonly type: 'OrderConfirmed' }
  | { readonly type: 'OrderCompleted' }
  | { readonly type: 'OrderCancelled'; readonly reason: CancellationReason };

/** What a decision came to: the new state and the events that lead there. No events: nothing changed. */
export type Change = { readonly order: Order; readonly events: readonly OrderEvent[] };

export function place(placement: Omit<Placement, 'total'>): Change {
  const currency = placement.items[0]!.unitPrice.currency;
  const total = placement.items.reduce((sum, line) => add(sum, times(line.unitPrice, line.quantity)), zero(currency));
  const event: OrderEvent = { type: 'OrderPlaced', ...placement, total };
  return { order: evolve(undefined, event), events: [event] };
}

export function notePaymentAuthorized(order: Order): Change {
  return order.status === 'placed' && !order.paymentNoted
    ? confirmIfReady(change(order, { type: 'PaymentNoted' }))
    : unchanged(order);
}

export function noteStockReserved(order: Order): Change {
  return order.status === 'placed' && !order.stockNoted
    ? confirmIfReady(change(order, { type: 'StockNoted' }))
    : unchanged(order);
}

export function notePaymentReceived(order: Order): Change {
  return order.status === 'confirmed' ? change(order, { type: 'OrderCompleted' }) : unchanged(order);
}

export function notePaymentDeclined(order: Order): Change {
  return cancelWhile('placed', order, 'payment-declined');
}

export function noteStockRejected(order: Order): Change {
  return cancelWhile('placed', order, 'stock-short');
}

export function notePaymentCaptureFailed(order: Order): Change {
  return cancelWhile('confirmed', order, 'capture-failed');
}

/** Only what is `placed` can time out: from `confirmed` on, the capture's answer decides. */
export function timeOut(order: Order): Change {
  return cancelWhile('placed', order, 'timed-out');
}

/** The state after an event. Total: every event leads from every state that could have decided it to one state. */
export function evolve(order: Order | undefined, event: OrderEvent): Order {
  if (event.type === 'OrderPlaced') {
    const { type: _, ...placement } = event;
    return { ...placement, status: 'placed', paymentNoted: false, stockNoted: false };
  }
  if (order === undefined) throw new Error(`the stream of an order begins with OrderPlaced, not ${event.type}`);
  const { orderId, customer, items, total, paymentMethod } = order;
  const placement = { orderId, customer, items, total, paymentMethod };
  switch (event.type) {
    case 'PaymentNoted':
      return order.status === 'placed' ? { ...order, paymentNoted: true } : order;
    case 'StockNoted':
      return order.status === 'placed' ? { ...order, stockNoted: true } : order;
    case 'OrderConfirmed':
      return { ...placement, status: 'confirmed' };
    case 'OrderCompleted':
      return { ...placement, status: 'completed' };
    case 'OrderCancelled':
      return { ...placement, status: 'cancelled', reason: event.reason };
  }
}

function confirmIfReady({ order, events }: Change): Change {
  if (order.status !== 'placed' || !order.paymentNoted || !order.stockNoted) return { order, events };
  const confirmed = change(order, { type: 'OrderConfirmed' });
  return { order: confirmed.order, events: [...events, ...confirmed.events] };
}

function cancelWhile(status: 'placed' | 'confirmed', order: Order, reason: CancellationReason): Change {
  return order.status === status ? change(order, { type: 'OrderCancelled', reason }) : unchanged(order);
}

function change(order: Order, event: OrderEvent): Change {
  return { order: evolve(order, event), events: [event] };
}

function unchanged(order: Order): Change {
  return { order, events: [] };
}
