import { contracts, fact, headersOf, type OrderPlaced, topology } from '@cartwheel/contracts';
import { type FactContext, FactInbox } from '@cartwheel/inbox';
import { Wake } from '@cartwheel/outbox';
import { newId } from '@cartwheel/primitives';
import { deliveredFact, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { EndReservation } from '../end-reservation.ts';
import { entities } from '../entities.ts';
import { schemas } from '../inventory.schema.ts';
import { lockStock, StockRepository } from '../stock.repository.ts';
import { ReserveStockOnOrderPlaced } from './on-order-placed.consumer.ts';
import { ReserveStock } from './reserve-stock.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase(schemas, { entities });
});
afterAll(() => db.drop());

const BUYERS = 200;
const PIECES = 10;
/** As many at a time as the service has connections. */
const LANES = 10;

const cause = { correlationId: newId(), causationId: `http:${newId()}` };

/** An order of one lamp and, so that two locks are needed, one mug; every second cart has them the other way round. */
function placed(n: number) {
  const orderId = newId();
  const unitPrice = { amountMinor: 100, currency: 'EUR' };
  const items = ['lamp', 'mug'].map((sku) => ({ sku, name: sku, quantity: 1, unitPrice }));
  const data: OrderPlaced = {
    orderId,
    customer: { name: 'Ada', email: 'ada@example.com' },
    items: n % 2 === 0 ? items : items.toReversed(),
    total: { amountMinor: 200, currency: 'EUR' },
    paymentMethod: 'pm_card_visa',
  };
  return deliveredFact(orderId, {
    headers: headersOf(fact('OrderPlaced', orderId, data), 'order', cause, 1),
    value: Buffer.from(JSON.stringify(data)),
  });
}

test('of two hundred orders at once for the last ten pieces exactly ten are reserved, and nobody waits for nobody', async () => {
  await db.admin.query(`INSERT INTO stock (sku) VALUES ('lamp'), ('mug')`);
  await db.admin.query(
    `INSERT INTO stock_movements (sku, kind, available, reserved, shipped)
     VALUES ('lamp', 'initial', $1, 0, 0), ('mug', 'initial', 1000, 0, 0)`,
    [PIECES],
  );
  const unexpected: string[] = [];
  const inbox = new FactInbox({
    consumer: 'inventory',
    dataSource: db.dataSource,
    origin: { source: 'inventory', contracts, topology: topology() },
    wake: new Wake(),
    locks: lockStock,
    onEvent: (event) => unexpected.push(event),
  });
  const stock = new StockRepository();
  const consumer = new ReserveStockOnOrderPlaced(new ReserveStock(stock), new EndReservation(stock));
  const handlers = {
    has: (type: string) => type === 'OrderPlaced',
    handle: (_: string, data: unknown, context: FactContext) => consumer.reserve(data as OrderPlaced, context),
  };
  const live = new AbortController().signal;
  const queue = Array.from({ length: BUYERS }, (_, n) => placed(n)).values();
  const lane = async () => {
    for (const order of queue) await inbox.apply([order], handlers, live);
  };
  await Promise.all(Array.from({ length: LANES }, lane));

  expect(unexpected).toEqual([]);
  const answers = await db.admin.query('SELECT type, count(*)::int AS n FROM outbox GROUP BY type ORDER BY type');
  expect(answers).toEqual([
    { type: 'StockRejected', n: BUYERS - PIECES },
    { type: 'StockReserved', n: PIECES },
  ]);
  expect(await db.admin.query('SELECT sku, available, reserved, shipped FROM stock ORDER BY sku')).toEqual([
    { sku: 'lamp', available: 0, reserved: PIECES, shipped: 0 },
    { sku: 'mug', available: 1000 - PIECES, reserved: PIECES, shipped: 0 },
  ]);
});
