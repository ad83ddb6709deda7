import { randomUUID } from 'node:crypto';

/** So many pieces of a product have arrived. @throws when the inventory does not take them */
export async function replenish(
  inventoryUrl: string,
  { sku, quantity }: { sku: string; quantity: number },
  signal: AbortSignal,
): Promise<void> {
  const answer = await fetch(`${inventoryUrl}/stock/${sku}/replenishments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify({ quantity }),
    signal,
  });
  if (!answer.ok) throw new Error(`replenishing ${sku} was answered ${answer.status}`);
}
