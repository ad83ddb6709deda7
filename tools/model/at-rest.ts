import type { Shop } from './shop.ts';

/** What does not add up when nothing is under way any more. */
export function wrongAtRest(shop: Shop, initial: Readonly<Record<string, number>>): string[] {
  const { tables, network, announced, unwanted, dead } = shop;
  const wrong: string[] = dead.map(({ task, error }) => `${task.type} is dead: ${String(error)}`);
  const shipped = new Map(Object.keys(initial).map((sku) => [sku, 0]));
  for (const orderId of shop.ids) {
    const { status, total, items } = shop.order(orderId);
    const moved = (operation: string) => {
      const own = network.ledger.filter((entry) => entry.orderId === orderId && entry.operation === operation);
      return own.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
    };
    const [captured, back] = [moved('capture'), moved('refund')];
    const held = moved('authorize') - captured - moved('cancel');
    const kept = { completed: total.amountMinor, refunded: 0, cancelled: 0 }[status as string];
    if (kept === undefined) wrong.push(`an order is ${status} for ever`);
    else if (captured - back !== kept) wrong.push(`of a ${status} order ${captured} - ${back} is kept, not ${kept}`);
    if (status === 'cancelled' && captured > 0) wrong.push(`of a cancelled order ${captured} were captured`);
    if (held !== 0) wrong.push(`of a ${status} order ${held} are held`);
    if (status === 'completed' && unwanted.has(orderId)) wrong.push('the customer did not want a completed order');
    if (status === 'completed') for (const { sku, quantity } of items) shipped.set(sku, shipped.get(sku)! + quantity);
    const types = announced.filter(({ subject }) => subject === orderId).map(({ type }) => type);
    for (const type of types.filter((one, index) => types.indexOf(one) !== index))
      wrong.push(`${type} announced twice`);
  }
  for (const [sku, level] of tables.stock) {
    const brought = shop.brought.filter((item) => item.sku === sku).reduce((sum, { quantity }) => sum + quantity, 0);
    const all = initial[sku]! + brought;
    if (level.available + level.reserved + level.shipped !== all)
      wrong.push(`${sku}: the levels do not sum up to ${all}`);
    if (level.reserved !== 0) wrong.push(`${sku}: ${level.reserved} are reserved`);
    if (level.shipped !== shipped.get(sku)) wrong.push(`${sku}: ${level.shipped} are shipped`);
  }
  return wrong;
}
