import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import Stripe from 'stripe';
import type { LedgerEntry } from './keep-books/ledger.ts';
import { startGateway } from './start-gateway.ts';
import type { Gateway } from './start-gateway.ts';

jest.setTimeout(60_000);

const SECRET = 'whsec_test';
const received: { payload: string; signature: string }[] = [];
const refused: string[] = [];
let refuseNext = 0;

let receiver: Server;
let gateway: Gateway;
let stripe: Stripe;

beforeEach(async () => {
  received.length = 0;
  refused.length = 0;
  refuseNext = 0;
  receiver = createServer(async (request, response) => {
    let payload = '';
    for await (const chunk of request.setEncoding('utf8')) payload += chunk;
    const refuse = refuseNext-- > 0;
    if (refuse) refused.push(payload);
    else received.push({ payload, signature: String(request.headers['stripe-signature']) });
    response.writeHead(refuse ? 503 : 204).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/gateway/webhooks`;
  const webhook = { url, secret: SECRET, delayMs: 0 };
  gateway = await startGateway({ port: 0, ledgerFile: ':memory:', webhook });
  stripe = stripeAt(gateway.url);
});

afterEach(async () => {
  await gateway.stop();
  receiver.closeAllConnections();
  receiver.close();
});

function stripeAt(url: string, timeout = 10_000): Stripe {
  const { hostname: host, port } = new URL(url);
  return new Stripe('sk_test_x', { host, port, protocol: 'http', maxNetworkRetries: 0, timeout, telemetry: false });
}

const createIntent = (payment_method?: string, orderId = 'o1') =>
  stripe.paymentIntents.create({
    amount: 2400,
    currency: 'eur',
    capture_method: 'manual',
    allowed_payment_method_types: ['card'],
    metadata: { orderId, paymentId: `payment-of-${orderId}` },
    ...(payment_method && { payment_method }),
  });

const authorize = async (payment_method = 'pm_card_visa') =>
  stripe.paymentIntents.confirm((await createIntent(payment_method)).id);

async function ask(path: string, init?: RequestInit): Promise<{ status: number; body: unknown }> {
  const response = await fetch(gateway.url + path, init);
  return { status: response.status, body: await response.json() };
}

async function operations(orderId = 'o1'): Promise<string[]> {
  const { body } = await ask(`/ledger?orderId=${orderId}`);
  return (body as LedgerEntry[]).map(({ operation }) => operation);
}

async function eventually(claim: () => void): Promise<void> {
  for (const giveUp = Date.now() + 30_000; ; await pause(20)) {
    try {
      return claim();
    } catch (error) {
      if (Date.now() > giveUp) throw error;
    }
  }
}

describe('paying through the official SDK', () => {
  it('holds on confirm, takes on capture and gives back on refund', async () => {
    const intent = await createIntent('pm_card_visa');
    expect(intent).toMatchObject({
      status: 'requires_confirmation',
      amount_capturable: 0,
      metadata: { orderId: 'o1' },
    });
    const held = await stripe.paymentIntents.confirm(intent.id, {}, { idempotencyKey: 'p1:authorize:1' });
    expect(held).toMatchObject({ status: 'requires_capture', amount_capturable: 2400, amount_received: 0 });
    const taken = await stripe.paymentIntents.capture(intent.id);
    expect(taken).toMatchObject({ status: 'succeeded', amount_capturable: 0, amount_received: 2400 });
    const refund = await stripe.refunds.create({ payment_intent: intent.id, amount: 400 });
    expect(await stripe.refunds.retrieve(refund.id)).toMatchObject({ status: 'succeeded', amount: 400 });
    expect(await stripe.paymentIntents.retrieve(intent.id)).toMatchObject({ status: 'succeeded' });

    expect(await operations()).toEqual(['authorize', 'capture', 'refund']);
    const [first] = (await ask('/ledger')).body as LedgerEntry[];
    expect(first).toEqual({
      intentId: intent.id,
      metadata: { orderId: 'o1', paymentId: 'payment-of-o1' },
      operation: 'authorize',
      amountMinor: 2400,
      currency: 'EUR',
      at: expect.any(String),
      idempotencyKey: 'p1:authorize:1',
    });
    expect((await ask('/ledger/summary')).body).toEqual({ EUR: { authorizedOpen: 0, captured: 2400, refunded: 400 } });
  });

  it('creates and confirms in one request', async () => {
    const terms = { amount: 5, currency: 'eur', capture_method: 'manual', confirm: true } as const;
    const intent = await stripe.paymentIntents.create({ ...terms, payment_method: 'pm_card_visa' });
    expect(intent.status).toBe('requires_capture');
  });

  it('throws a card error with the intent when the card declines, and another card can still pay', async () => {
    const { id } = await createIntent('pm_card_visa_chargeDeclinedInsufficientFunds');
    const declined = await stripe.paymentIntents.confirm(id).catch((error: unknown) => error);
    expect(declined).toBeInstanceOf(Stripe.errors.StripeCardError);
    expect(declined).toMatchObject({
      statusCode: 402,
      code: 'card_declined',
      decline_code: 'insufficient_funds',
      payment_intent: { id, status: 'requires_payment_method', last_payment_error: { code: 'card_declined' } },
    });
    const paid = await stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa' });
    expect(paid.status).toBe('requires_capture');
    expect(await operations()).toEqual(['decline', 'authorize']);
  });

  it('lets the hold go on cancel, and refuses a capture with the intent in the error, each time', async () => {
    const { id } = await authorize();
    expect(await stripe.paymentIntents.cancel(id)).toMatchObject({ status: 'canceled', amount_capturable: 0 });
    const capture = () => stripe.paymentIntents.capture(id, {}, { idempotencyKey: 'k' });
    const error = {
      statusCode: 400,
      code: 'payment_intent_unexpected_state',
      payment_intent: { id, status: 'canceled' },
    };
    await expect(capture()).rejects.toMatchObject(error);
    await expect(capture()).rejects.toMatchObject({ ...error, headers: { 'idempotent-replayed': 'true' } });
    expect(await operations()).toEqual(['authorize', 'cancel']);
  });
});

describe('a request that is sent again', () => {
  it('is answered from the store when the key and the parameters are the same, and charges once', async () => {
    const { id } = await authorize();
    const first = await stripe.paymentIntents.capture(id, {}, { idempotencyKey: 'k' });
    const second = await stripe.paymentIntents.capture(id, {}, { idempotencyKey: 'k' });
    expect({ ...second, lastResponse: null }).toEqual({ ...first, lastResponse: null });
    expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined();
    expect(second.lastResponse.headers['idempotent-replayed']).toBe('true');
    expect(await operations()).toEqual(['authorize', 'capture']);
  });

  it('gives the same decline again, and asks the card once', async () => {
    const { id } = await createIntent('pm_card_visa_chargeDeclined');
    const confirm = () => stripe.paymentIntents.confirm(id, {}, { idempotencyKey: 'k' });
    await expect(confirm()).rejects.toMatchObject({ decline_code: 'generic_decline' });
    await expect(confirm()).rejects.toMatchObject({ decline_code: 'generic_decline' });
    expect(await operations()).toEqual(['decline']);
  });

  it('is refused when the parameters or the endpoint differ', async () => {
    const { id } = await authorize();
    await stripe.paymentIntents.capture(id, { amount_to_capture: 100 }, { idempotencyKey: 'k' });
    const others = [
      stripe.paymentIntents.capture(id, { amount_to_capture: 200 }, { idempotencyKey: 'k' }),
      stripe.refunds.create({ payment_intent: id }, { idempotencyKey: 'k' }),
    ];
    for (const other of others) {
      await expect(other).rejects.toMatchObject({ statusCode: 400, type: 'StripeIdempotencyError' });
    }
    expect(await operations()).toEqual(['authorize', 'capture']);
  });

  it('keeps its key free when it was refused as unreadable', async () => {
    const options = { idempotencyKey: 'k' };
    const refund = { payment_intent: 'pi_unknown' };
    await expect(stripe.refunds.create(refund, options)).rejects.toMatchObject({ statusCode: 404 });
    const { id } = await authorize();
    expect(await stripe.paymentIntents.capture(id, {}, options)).toMatchObject({ status: 'succeeded' });
  });

  it('gets 409 while the first is at work, and one hold results', async () => {
    const { id } = await createIntent('pm_cartwheel_slow');
    const confirm = () => stripe.paymentIntents.confirm(id, {}, { idempotencyKey: 'k' });
    const answers = await Promise.allSettled([confirm(), confirm()]);
    expect(answers.filter((answer) => answer.status === 'fulfilled')).toHaveLength(1);
    const reason = { statusCode: 409, code: 'idempotency_key_in_use' };
    expect(answers).toContainEqual({ status: 'rejected', reason: expect.objectContaining(reason) });
    expect(await operations()).toEqual(['authorize']);
  });
});

describe('an outcome that the client does not learn', () => {
  it('is a success when the answer was lost: the same key gets it, and the card was asked once', async () => {
    const { id } = await createIntent('pm_cartwheel_timeout_after_success');
    const impatient = stripeAt(gateway.url, 500);
    const steps = [
      () => impatient.paymentIntents.confirm(id, {}, { idempotencyKey: 'k1' }),
      () => impatient.paymentIntents.capture(id, {}, { idempotencyKey: 'k2' }),
      () => impatient.refunds.create({ payment_intent: id }, { idempotencyKey: 'k3' }),
    ];
    for (const step of steps) {
      await expect(step()).rejects.toBeInstanceOf(Stripe.errors.StripeConnectionError);
      expect((await step()).lastResponse.headers['idempotent-replayed']).toBe('true');
    }
    expect(await operations()).toEqual(['authorize', 'capture', 'refund']);
  });

  it('takes effect even if a slow confirm was given up', async () => {
    const { id } = await createIntent('pm_cartwheel_slow');
    await expect(stripeAt(gateway.url, 300).paymentIntents.confirm(id)).rejects.toThrow(/timeout/i);
    expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({ status: 'requires_confirmation' });
    await eventually(() => expect(received.map(typeOf)).toEqual(['payment_intent.amount_capturable_updated']));
    expect(await operations()).toEqual(['authorize']);
  });
});

const typeOf = ({ payload }: { payload: string }) => JSON.parse(payload).type as string;

describe('webhooks', () => {
  it('tell each change of state, signed so that the SDK accepts them', async () => {
    const { id } = await authorize();
    await eventually(() => expect(received).toHaveLength(1));
    await stripe.paymentIntents.capture(id);
    await eventually(() => expect(received).toHaveLength(2));
    const events = received.map(({ payload, signature }) => stripe.webhooks.constructEvent(payload, signature, SECRET));
    expect(events).toMatchObject([
      { type: 'payment_intent.amount_capturable_updated', data: { object: { id, status: 'requires_capture' } } },
      { type: 'payment_intent.succeeded', data: { object: { id, metadata: { paymentId: 'payment-of-o1' } } } },
    ]);
  });

  it('tell a decline and a cancel', async () => {
    const { id } = await createIntent('pm_card_visa_chargeDeclined');
    await stripe.paymentIntents.confirm(id).catch(() => undefined);
    await eventually(() => expect(received.map(typeOf)).toEqual(['payment_intent.payment_failed']));
    await stripe.paymentIntents.cancel(id);
    await eventually(() => expect(received.map(typeOf)).toContain('payment_intent.canceled'));
  });

  it('are rejected by the SDK when the payload, the time or the secret is not the signed one', async () => {
    await authorize();
    await eventually(() => expect(received).toHaveLength(1));
    const { payload, signature } = received[0]!;
    const check = (body: string, header: string, secret: string) => () =>
      stripe.webhooks.constructEvent(body, header, secret);
    expect(check(payload, signature, SECRET)).not.toThrow();
    expect(check(payload.replace('2400', '1'), signature, SECRET)).toThrow(/signature/i);
    expect(check(payload, signature.replace(/^t=\d/, 't=2'), SECRET)).toThrow(/signature/i);
    expect(check(payload, signature, 'whsec_other')).toThrow(/signature/i);
  });

  it('come again with the same id when the receiver fails', async () => {
    refuseNext = 1;
    await authorize();
    await eventually(() => expect(received).toHaveLength(1));
    expect(refused).toEqual([received[0]?.payload]);
  });

  it('come late for the late card, after those of a later payment', async () => {
    const late = await authorize('pm_cartwheel_late_webhook');
    const later = await authorize();
    const ids = () => received.map(({ payload }) => JSON.parse(payload).data.object.id);
    await eventually(() => expect(ids()).toEqual([later.id, late.id]));
  });

  it('are not repeated with a replayed answer', async () => {
    const { id } = await createIntent('pm_card_visa');
    for (const _ of [1, 2]) await stripe.paymentIntents.confirm(id, {}, { idempotencyKey: 'k' });
    await stripe.paymentIntents.cancel(id);
    await eventually(() => expect(received.map(typeOf)).toContain('payment_intent.canceled'));
    expect(received).toHaveLength(2);
  });
});

describe('what is not understood', () => {
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    ask(path, {
      method: 'POST',
      body,
      headers: {
        Authorization: 'Bearer sk_test_x',
        'Content-Type': 'application/x-www-form-urlencoded',
        ...headers,
      },
    });

  it.each([
    ['no key', 401, '/v1/payment_intents/pi_1', '', { Authorization: '' }],
    ['a live key', 401, '/v1/refunds', '', { Authorization: 'Bearer sk_live_x' }],
    ['an unknown path', 404, '/v1/charges', '', {}],
    ['an unknown intent', 404, '/v1/payment_intents/pi_1/confirm', '', {}],
    ['JSON', 400, '/v1/refunds', '{}', { 'Content-Type': 'application/json' }],
    ['a broken escape', 400, '/v1/refunds', 'amount=%', {}],
    ['an amount of 0', 400, '/v1/refunds', 'payment_intent=pi_1&amount=0', {}],
    ['a body over 64 KiB', 413, '/v1/refunds', 'x'.repeat(65 * 1024), {}],
    ['a key over 255 characters', 400, '/v1/refunds', '', { 'Idempotency-Key': 'k'.repeat(256) }],
  ])('is refused in the shape of Stripe: %s is %i', async (_, status, path, body, headers) => {
    expect(await post(path, body, headers as Record<string, string>)).toEqual({
      status,
      body: { error: expect.objectContaining({ type: 'invalid_request_error', message: expect.any(String) }) },
    });
  });

  it('is named by its parameter: missing, unknown or invalid', async () => {
    const intent = 'amount=5&currency=eur&capture_method=manual';
    const cases = { 'amount=5': 'currency', [`${intent}&tip=1`]: 'tip', [`${intent}&metadata=x`]: 'metadata' };
    for (const [body, param] of Object.entries(cases)) {
      expect(await post('/v1/payment_intents', body)).toMatchObject({ status: 400, body: { error: { param } } });
    }
    const olderName = await post('/v1/payment_intents', `${intent}&payment_method_types[0]=card`);
    expect(olderName.body).toMatchObject({ payment_method_types: ['card'], status: 'requires_payment_method' });
    const unknownCard = await post('/v1/payment_intents', `${intent}&payment_method=pm_unknown`);
    expect(unknownCard).toMatchObject({ status: 400, body: { error: { code: 'resource_missing' } } });
  });
});

describe('health', () => {
  it('is live and ready as soon as it started', async () => {
    expect(await ask('/health/live')).toEqual({ status: 200, body: { status: 'ok' } });
    expect(await ask('/health/ready')).toEqual({ status: 200, body: { status: 'ok' } });
  });
});
