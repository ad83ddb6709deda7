import { ProblemFilter } from '@cartwheel/http';
import { UnitOfWork } from '@cartwheel/outbox';
import { autocommit, transaction } from '@cartwheel/postgres';
import { deriveId, newId } from '@cartwheel/primitives';
import { DATABASE } from '@cartwheel/service';
import {
  eventually,
  gatewaySimulator,
  type GatewaySimulator,
  testDatabase,
  type TestDatabase,
} from '@cartwheel/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import 'reflect-metadata';
import Stripe from 'stripe';
import { freePorts } from '../../../../tools/stack/ports.ts';
import { bench, type Bench } from '../fixtures/bench.ts';
import { PaymentGateway } from '../gateway/payment-gateway.ts';
import { StripeGateway } from '../gateway/stripe-gateway.ts';
import { PaymentRepository } from '../payment.repository.ts';
import { entities } from '../entities.ts';
import { schemas } from '../payment.schema.ts';
import { KeepRawBody } from './keep-raw-body.ts';
import { ReceiveWebhookController } from './receive-webhook.controller.ts';
import { ReceiveWebhook } from './receive-webhook.ts';
import { WebhookSignature } from './webhook-signature.ts';

// Webhooks as the simulator sends them, over HTTP. They only ever hint: what they change, the gateway confirmed.

const SECRET = 'whsec_for_this_test';
let db: TestDatabase;
let simulator: GatewaySimulator;
let shop: Bench;
let app: NestFastifyApplication;
let url: string;

beforeAll(async () => {
  const ports = await freePorts();
  url = `http://127.0.0.1:${ports.payment}/gateway/webhooks`;
  [db, simulator] = await Promise.all([
    testDatabase(schemas, { entities }),
    gatewaySimulator({ WEBHOOK_URL: url, WEBHOOK_SECRET: SECRET }),
  ]);
  const gateway = new StripeGateway({ url: simulator.url, apiKey: 'sk_test_x', timeoutMs: 10_000 });
  shop = bench(db.dataSource, gateway);
  app = await serving(gateway, SECRET);
  await app.listen(ports.payment, '127.0.0.1');
});
afterAll(async () => {
  await app?.close();
  await simulator?.stop();
  await db?.drop();
});

async function serving(gateway: PaymentGateway, secret: string): Promise<NestFastifyApplication> {
  @Module({
    controllers: [ReceiveWebhookController],
    providers: [
      PaymentRepository,
      ReceiveWebhook,
      KeepRawBody,
      { provide: WebhookSignature, useFactory: () => new WebhookSignature(secret) },
      { provide: PaymentGateway, useValue: gateway },
      { provide: UnitOfWork, useValue: shop.unitOfWork },
      { provide: DATABASE, useFactory: () => autocommit(db.dataSource) },
    ],
  })
  class WebhookModule {}
  const serving = await NestFactory.create<NestFastifyApplication>(WebhookModule, new FastifyAdapter(), {
    logger: false,
  });
  serving.useGlobalFilters(new ProblemFilter(serving.getHttpAdapter()));
  return serving;
}

const webhooksTaken = async () =>
  (await db.pool.query(`SELECT 1 FROM processed_events WHERE consumer = 'payment.webhooks'`)).rows.length;

/** What a stranger, or the gateway, may send. */
async function post(object: object, { secret = SECRET, id = `evt_${newId()}`, spoil = (text: string) => text } = {}) {
  const payload = JSON.stringify({ id, object: 'event', type: 'payment_intent.succeeded', data: { object } });
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret });
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'stripe-signature': signature },
    body: spoil(payload),
  });
  return { status: response.status, body: (await response.json()) as { code?: string } };
}

describe('a webhook', () => {
  test('that comes before the answer decides, and the answer changes nothing more', async () => {
    const orderId = await shop.placed('pm_cartwheel_webhook_first');
    await shop.done();
    expect(await shop.state(orderId)).toBe('authorized');
    expect(await shop.announced(orderId)).toEqual(['PaymentAuthorized']);
    // It was the webhook, and yet the chain of causes is the worker's: the fact that asked for it, of the same checkout.
    const { rows } = await db.pool.query<{ own: boolean }>(
      `SELECT p.causation_id = o.headers->>'ce_causationid' AND p.correlation_id::text = o.headers->>'ce_correlationid'
         AND p.causation_id = (SELECT event_id::text FROM processed_events WHERE consumer = 'payment'
                               ORDER BY processed_at DESC LIMIT 1) AS own
       FROM outbox o, payments p WHERE o.type = 'PaymentAuthorized' AND p.order_id = $1
         AND convert_from(o.key, 'UTF8') = p.order_id::text`,
      [orderId],
    );
    expect(rows).toEqual([{ own: true }]);
  });

  test('that comes twice is taken once', async () => {
    const before = await webhooksTaken();
    const orderId = await shop.placed('pm_cartwheel_webhook_twice');
    await shop.done();
    await shop.confirmed(orderId);
    await shop.done();
    await eventually(async () => expect(await webhooksTaken()).toBe(before + 2));
    expect(await shop.announced(orderId)).toEqual(['PaymentAuthorized', 'PaymentReceived']);
  });

  test('that comes when everything is over changes nothing', async () => {
    const before = await webhooksTaken();
    const orderId = await shop.placed('pm_cartwheel_late_webhook');
    await shop.done();
    await shop.confirmed(orderId);
    await shop.done();
    await shop.refundRequested(orderId);
    await shop.done();
    await eventually(async () => expect(await webhooksTaken()).toBe(before + 3));
    expect(await shop.state(orderId)).toBe('refunded');
    expect(await shop.announced(orderId)).toEqual(['PaymentAuthorized', 'PaymentReceived', 'PaymentRefunded']);
  });

  test('tells the end of a pending refund, before the task asks again', async () => {
    const orderId = await shop.placed('pm_card_pendingRefund');
    await shop.done();
    await shop.confirmed(orderId);
    await shop.done();
    await shop.refundRequested(orderId);
    expect(await shop.round()).toBe(1);
    await eventually(async () => expect(await shop.state(orderId)).toBe('refunded'));
    await shop.done();
    expect(await shop.announced(orderId)).toEqual(['PaymentAuthorized', 'PaymentReceived', 'PaymentRefunded']);
  });

  test('that claims what the gateway does not confirm changes nothing', async () => {
    const orderId = await shop.placed('pm_card_visa');
    await shop.done();
    await shop.confirmed(orderId);
    const payment = await transaction(db.dataSource, (tx) => shop.payments.loadByOrder(tx, orderId));
    const lie = { status: 'succeeded', metadata: { paymentId: payment!.paymentId } };
    expect(await post(lie)).toMatchObject({ status: 200 });
    expect(await shop.state(orderId)).toBe('capturing');
    await shop.done();
  });

  test.each([
    ['of no payment', { metadata: {} }],
    ['of a payment that nobody knows', { metadata: { paymentId: newId() } }],
    ['whose payment id is none', { metadata: { paymentId: `'; DROP TABLE payments` } }],
  ])('%s is answered 200 and ignored', async (_, object) => {
    const id = `evt_${newId()}`;
    expect(await post(object, { id })).toMatchObject({ status: 200 });
    const { rows } = await db.pool.query('SELECT 1 FROM processed_events WHERE event_id = $1', [deriveId(id)]);
    expect(rows).toHaveLength(0);
  });

  test('is refused when it was signed with another secret, or changed on the way', async () => {
    const orderId = await shop.placed('pm_card_visa');
    const { paymentId } = (await transaction(db.dataSource, (tx) => shop.payments.loadByOrder(tx, orderId)))!;
    const object = { metadata: { paymentId } };
    const invalid = { status: 400, body: { code: 'webhook-signature-invalid' } };
    expect(await post(object, { secret: 'whsec_of_somebody_else' })).toMatchObject(invalid);
    expect(await post(object, { spoil: (text) => text.replace('succeeded', 'canceled') })).toMatchObject(invalid);
    expect(await post(object, { spoil: (text) => `${text} ` })).toMatchObject(invalid);
    await shop.done();
  });

  test('is refused by a service that has no secret to check it with, even when it is signed with none', () => {
    const signature = new WebhookSignature('');
    expect(() => signature.verify(Buffer.from('{}'), '')).toThrow(
      expect.objectContaining({ code: 'webhooks-not-accepted', status: 403 }),
    );
  });

  test('is not taken while the gateway does not answer, so that it is sent again', async () => {
    const orderId = await shop.placed('pm_card_visa');
    await shop.done();
    const { paymentId } = (await transaction(db.dataSource, (tx) => shop.payments.loadByOrder(tx, orderId)))!;
    await simulator.end();
    const before = await webhooksTaken();
    const sent = { metadata: { paymentId } };
    expect(await post(sent, { id: 'evt_again' })).toMatchObject({ status: 503, body: { code: 'gateway-unavailable' } });
    expect(await webhooksTaken()).toBe(before);
    await simulator.start();
    await eventually(async () => expect(await post(sent, { id: 'evt_again' })).toMatchObject({ status: 200 }));
    expect(await webhooksTaken()).toBe(before + 1);
  });
});
