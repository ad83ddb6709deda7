import { add, DomainError, type Money, times, zero } from '@cartwheel/primitives';

/**
 *            both answers are in           the money is in
 *   placed ───────────────────▶ confirmed ───────────────▶ completed ──────────▶ refunding ──────▶ refunded
 *     │ declined · short · nobody answered     │               the customer        the money
 *     │ · the customer                         │ the capture   wants it back       is back
 *     └────────────────▶ cancelled ◀───────────┘ failed for good
 *
 * placed     waits for payment and stock, which answer in any order; `paymentNoted`, `stockNoted` say who has.
 * confirmed  stock is reserved and money is held; the capture is asked for and cannot be called back. No time-out any more;
 *            a customer who wants to cancel now is only noted (`cancellationRequested`), and the capture's answer decides.
 * completed  the money is received.
 * refunding  the refund is asked for; refunded: the money is back, and inventory takes the goods back.
 * cancelled  payment and inventory undo what they did, when they read of it.
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
export type CancellationReason = 'payment-declined' | 'stock-short' | 'timed-out' | 'capture-failed' | 'customer';

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
export type ConfirmedOrder = Placement & { readonly status: 'confirmed'; readonly cancellationRequested: boolean };
export type CompletedOrder = Placement & { readonly status: 'completed' };
export type RefundingOrder = Placement & { readonly status: 'refunding' };
export type RefundedOrder = Placement & { readonly status: 'refunded' };
export type CancelledOrder = Placement & { readonly status: 'cancelled'; readonly reason: CancellationReason };
export type Order = PlacedOrder | ConfirmedOrder | CompletedOrder | RefundingOrder | RefundedOrder | CancelledOrder;

export type OrderEvent =
  | ({ readonly type: 'OrderPlaced' } & Placement)
  | { readonly type: 'PaymentNoted' }
  | { readonly type: 'StockNoted' }
  | { readonly type: 'OrderConfirmed' }
  | { readonly type: 'CancellationRequested' }
  | { readonly type: 'OrderCompleted' }
  | { readonly type: 'RefundRequested' }
  | { readonly type: 'OrderRefunded' }
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

/** The money is in. Who asked to cancel meanwhile gets it back: both are decided here, in one change. */
export function notePaymentReceived(order: Order): Change {
  if (order.status !== 'confirmed') return unchanged(order);
  const completed = change(order, { type: 'OrderCompleted' });
  return order.cancellationRequested ? and(completed, { type: 'RefundRequested' }) : completed;
}

export function notePaymentRefunded(order: Order): Change {
  return order.status === 'refunding' ? change(order, { type: 'OrderRefunded' }) : unchanged(order);
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

/**
 * The customer does not want it any more. What that means depends on how far the money is; asking twice is asking once.
 * @throws DomainError order-already-cancelled
 */
export function cancel(order: Order): Change {
  switch (order.status) {
    case 'placed':
      return change(order, { type: 'OrderCancelled', reason: 'customer' });
    case 'confirmed':
      return order.cancellationRequested ? unchanged(order) : change(order, { type: 'CancellationRequested' });
    case 'completed':
      return change(order, { type: 'RefundRequested' });
    case 'refunding':
    case 'refunded':
      return unchanged(order);
    case 'cancelled':
      throw new DomainError('order-already-cancelled', `This order was cancelled before: ${order.reason}.`, 409);
  }
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
      return { ...placement, status: 'confirmed', cancellationRequested: false };
    case 'CancellationRequested':
      return order.status === 'confirmed' ? { ...order, cancellationRequested: true } : order;
    case 'OrderCompleted':
      return { ...placement, status: 'completed' };
    case 'RefundRequested':
      return { ...placement, status: 'refunding' };
    case 'OrderRefunded':
      return { ...placement, status: 'refunded' };
    case 'OrderCancelled':
      return { ...placement, status: 'cancelled', reason: event.reason };
  }
}

function confirmIfReady(noted: Change): Change {
  const { order } = noted;
  const ready = order.status === 'placed' && order.paymentNoted && order.stockNoted;
  return ready ? and(noted, { type: 'OrderConfirmed' }) : noted;
}

function cancelWhile(status: 'placed' | 'confirmed', order: Order, reason: CancellationReason): Change {
  return order.status === status ? change(order, { type: 'OrderCancelled', reason }) : unchanged(order);
}

function and({ order, events }: Change, next: OrderEvent): Change {
  return { order: evolve(order, next), events: [...events, next] };
}

function change(order: Order, event: OrderEvent): Change {
  return { order: evolve(order, event), events: [event] };
}

function unchanged(order: Order): Change {
  return { order, events: [] };
}
