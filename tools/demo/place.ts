import { setTimeout as sleep } from 'node:timers/promises';
import type { DemoOrder } from './orders.ts';

export type PlacedOrder = { readonly orderId: string; outcome: string };

/** Sends one checkout. @throws with the problem's detail when the shop refuses it. */
export async function place(orderUrl: string, { key, body }: DemoOrder, signal: AbortSignal): Promise<PlacedOrder> {
  const response = await fetch(`${orderUrl}/checkout`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(body),
    signal,
  });
  const answer = (await response.json()) as { orderId?: string; code?: string; detail?: string };
  if (answer.orderId === undefined) throw new Error(`checkout was refused: ${answer.code} ${answer.detail}`);
  return { orderId: answer.orderId, outcome: 'placed' };
}

/** Follows the orders until each has ended, or the time is over; their `outcome` then says how. */
export async function follow(
  orderUrl: string,
  orders: readonly PlacedOrder[],
  { deadlineMs, signal, onEnded }: { deadlineMs: number; signal: AbortSignal; onEnded: (ended: number) => void },
): Promise<void> {
  const open = new Set(orders);
  for (
    const deadline = Date.now() + deadlineMs;
    open.size > 0 && Date.now() < deadline;
    await sleep(100, undefined, { signal })
  ) {
    for (const order of open) {
      const response = await fetch(`${orderUrl}/orders/${order.orderId}`, { signal });
      const { status, cancellationReason } = (await response.json()) as { status: string; cancellationReason?: string };
      order.outcome = cancellationReason ?? status;
      if (status === 'completed' || status === 'cancelled') open.delete(order);
    }
    onEnded(orders.length - open.size);
  }
}
