import { type OrderApi, orderClient } from '@cartwheel/client';
import { setTimeout as sleep } from 'node:timers/promises';

export type Checkout = OrderApi['schemas']['Checkout'];
export type DemoOrder = { readonly key: string; readonly body: Checkout };
export type PlacedOrder = { readonly orderId: string; outcome: string };

const LOOK_EVERY_MS = 100;

/** Sends one checkout. @throws with the problem's detail when the shop refuses it. */
export async function place(orderUrl: string, { key, body }: DemoOrder, signal: AbortSignal): Promise<PlacedOrder> {
  for (;;) {
    const { data, error } = await orderClient(orderUrl).POST('/checkout', {
      params: { header: { 'Idempotency-Key': key } },
      body,
      signal,
    });
    if (data) return { orderId: data.orderId, outcome: data.status };
    // The same request is under way: its answer will be ours, too.
    if (error.code !== 'idempotency-key-in-use') throw new Error(`checkout was refused: ${error.code} ${error.detail}`);
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** The customer does not want them any more. */
export async function cancel(orderUrl: string, orders: readonly PlacedOrder[], signal: AbortSignal): Promise<void> {
  for (const order of orders) {
    const { data, error } = await orderClient(orderUrl).POST('/orders/{id}/cancellation', {
      params: { path: { id: order.orderId } },
      signal,
    });
    if (!data) throw new Error(`cancellation was refused: ${error.code} ${error.detail}`);
    order.outcome = data.status;
  }
}

/** Follows the orders until each has ended, or the time is over; their `outcome` then says how. */
export async function follow(
  orderUrl: string,
  orders: readonly PlacedOrder[],
  { deadlineMs, signal }: { deadlineMs: number; signal: AbortSignal },
): Promise<void> {
  const open = new Set(orders);
  for (
    const deadline = Date.now() + deadlineMs;
    open.size > 0 && Date.now() < deadline;
    await sleep(LOOK_EVERY_MS, undefined, { signal })
  ) {
    for (const order of open) {
      const asked = orderClient(orderUrl).GET('/orders/{id}', { params: { path: { id: order.orderId } }, signal });
      // A service that was killed is away for a moment.
      const { data } = await asked.catch(() => ({ data: undefined }));
      signal.throwIfAborted();
      if (!data) continue;
      order.outcome = data.cancellationReason ?? data.status;
      if (['completed', 'cancelled', 'refunded'].includes(data.status)) open.delete(order);
    }
  }
}
