import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { contracts, topology } from '@cartwheel/contracts';
import { ProblemFilter, validationPipe } from '@cartwheel/http';
import { UnitOfWork, Wake } from '@cartwheel/outbox';
import { type Queryable, transaction } from '@cartwheel/postgres';
import { newId } from '@cartwheel/primitives';
import { eventually, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { OrderRepository } from '../order.repository.ts';
import { entities } from '../entities.ts';
import { schemas } from '../order.schema.ts';
import { Backpressure } from './backpressure.ts';
import { Catalogue } from './catalogue.ts';
import { PlaceOrderController } from './place-order.controller.ts';
import { PlaceOrder } from './place-order.ts';

let db: TestDatabase;
let app: NestFastifyApplication;
let url: string;
let backpressure: Backpressure;

beforeAll(async () => {
  db = await testDatabase(schemas, { entities });
  await db.admin.query(`INSERT INTO products (sku, name, price_minor, currency) VALUES ('mug', 'Mug', 1250, 'EUR')`);
  const unitOfWork = new UnitOfWork(db.dataSource, { source: 'order', contracts, topology: topology() }, new Wake());
  const provided = [
    { provide: UnitOfWork, useValue: unitOfWork },
    { provide: Backpressure, useValue: { admit: (tx: Queryable) => backpressure.admit(tx) } },
  ];
  app = await NestFactory.create<NestFastifyApplication>(
    {
      module: class {},
      controllers: [PlaceOrderController],
      providers: [OrderRepository, Catalogue, PlaceOrder, ...provided],
    },
    new FastifyAdapter(),
    { logger: false },
  );
  app.useGlobalFilters(new ProblemFilter(app.getHttpAdapter()));
  app.useGlobalPipes(validationPipe());
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});
afterAll(async () => {
  await app?.close();
  await db?.drop();
});
// Nobody relays here: what is in the outbox stays until a test takes it out.
beforeEach(async () => {
  await db.admin.query('TRUNCATE outbox');
  startAnew();
});

/** As after a restart: it has not looked yet. */
function startAnew() {
  backpressure = new Backpressure(600_000);
}

async function checkout(key = newId()) {
  const body = {
    customer: { name: 'Ada Moreau', email: 'ada@example.com' },
    items: [{ sku: 'mug', quantity: 1 }],
    payment: { paymentMethod: 'pm_card_visa' },
  };
  const answer = await fetch(`${url}/checkout`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(body),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
}

const oldestWaits = (minutes: number, channel: 'kafka' | 'rabbitmq' = 'kafka') =>
  db.admin.query(
    `INSERT INTO outbox (channel, id, destination, type, headers, payload, created_at)
     VALUES ($1, $2, 't', 'T', '{}', '', now() - $3 * interval '1 minute')`,
    [channel, newId(), minutes],
  );

test.each(['kafka', 'rabbitmq'] as const)(
  'orders are taken while messages wait for %s, refused once one has waited too long, and taken when it is gone',
  async (channel) => {
    expect((await checkout()).status).toBe(202);
    await oldestWaits(9, channel);
    startAnew();
    expect((await checkout()).status).toBe(202);

    await oldestWaits(11, channel);
    await db.admin.query(`DELETE FROM outbox WHERE created_at > now() - interval '10 minutes'`);
    const refused = await eventually(async () => {
      const answer = await checkout();
      expect(answer.status).toBe(503);
      return answer;
    });
    expect(refused.body).toMatchObject({ type: 'urn:cartwheel:problem:outbox-too-old', code: 'outbox-too-old' });
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);

    await db.admin.query('TRUNCATE outbox');
    await eventually(async () => expect((await checkout()).status).toBe(202));
  },
);

test('a repeat gets its stored answer while new orders are refused, and who was refused may come again under its key', async () => {
  const [known, refused] = [newId(), newId()];
  const first = await checkout(known);
  expect(first.status).toBe(202);
  await db.admin.query('TRUNCATE outbox');
  await oldestWaits(11);
  startAnew();
  expect((await checkout(refused)).status).toBe(503);
  expect(await checkout(known)).toMatchObject({ status: 202, body: first.body });
  await db.admin.query('TRUNCATE outbox');
  await eventually(async () => expect((await checkout(refused)).status).toBe(202));
});

test('the outbox is looked at once a second, however many orders come', async () => {
  const begun = performance.now();
  let looks = 0;
  await transaction(db.dataSource, async (tx) => {
    const counting: Queryable = {
      query: (sql, parameters) => {
        looks += 1;
        return tx.query(sql, parameters);
      },
    };
    for (let order = 0; order < 1_000; order += 1) await backpressure.admit(counting);
  });
  expect(looks).toBeGreaterThan(0);
  expect(looks).toBeLessThanOrEqual(1 + (performance.now() - begun) / 1_000);
});
