import {
  gatewaySimulator,
  type GatewaySimulator,
  runFixture,
  testDatabase,
  type TestDatabase,
} from '@cartwheel/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { bench, type Bench } from '../fixtures/bench.ts';
import { entities } from '../entities.ts';
import { schemas } from '../payment.schema.ts';
import { StripeGateway } from './stripe-gateway.ts';

// A worker is killed when the gateway has answered and nothing is written down. The next one asks the same question again,
// and the money moves once: under the same key while the gateway knows it, and also when it has forgotten it.

const fixture = join(import.meta.dirname, '../../dist/fixtures/dying-worker.js');

describe.each([
  ['that knows its keys', '86400000'],
  ['that has forgotten its keys', '0'],
])('at a gateway %s', (_, IDEMPOTENCY_KEY_LIFETIME_MS) => {
  let db: TestDatabase;
  let gateway: GatewaySimulator;
  let shop: Bench;
  beforeAll(async () => {
    [db, gateway] = await Promise.all([
      testDatabase(schemas, { entities }),
      gatewaySimulator({ IDEMPOTENCY_KEY_LIFETIME_MS }),
    ]);
    shop = bench(db.dataSource, new StripeGateway({ url: gateway.url, apiKey: 'sk_test_x', timeoutMs: 10_000 }));
  });
  afterAll(async () => {
    await gateway?.stop();
    await db?.drop();
  });

  const operations = async (orderId: string) => (await gateway.ledger(orderId)).map(({ operation }) => operation);

  test.each([
    ['create', [], 'authorizing', [], 'authorized', ['authorize']],
    ['authorize', [], 'authorizing', ['authorize'], 'authorized', ['authorize']],
    ['cancel', ['cancelled'], 'voiding', ['authorize', 'cancel'], 'voided', ['authorize', 'cancel']],
    ['capture', ['confirmed'], 'capturing', ['authorize', 'capture'], 'captured', ['authorize', 'capture']],
    [
      'refund',
      ['confirmed', 'refundRequested'],
      'refunding',
      ['authorize', 'capture', 'refund'],
      'refunded',
      ['authorize', 'capture', 'refund'],
    ],
  ] as const)('killed after %s', async (answer, told, state, moved, end, movedAtLast) => {
    const orderId = await shop.placed('pm_card_visa');
    for (const fact of told) {
      await shop.done();
      await shop[fact](orderId);
    }
    const died = await runFixture(fixture, { DATABASE: db.url, GATEWAY: gateway.url, DIES_AFTER: answer });
    expect(died).toMatchObject({ signal: 'SIGKILL', output: '' });
    expect(await shop.state(orderId)).toBe(state);
    expect(await operations(orderId)).toEqual(moved);

    await shop.done();
    expect(await shop.state(orderId)).toBe(end);
    expect(await operations(orderId)).toEqual(movedAtLast);
  });
});
