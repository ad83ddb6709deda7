import { transaction } from '@cartwheel/postgres';
import { Transient } from '@cartwheel/primitives';
import { gatewaySimulator, type GatewaySimulator, testDatabase, type TestDatabase } from '@cartwheel/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TaskContext } from '@cartwheel/inbox';
import { AuthorizePaymentWorker } from '../authorize-payment/authorize-payment.worker.ts';
import type { Payment } from '../domain/payment.ts';
import { bench, type Bench } from '../fixtures/bench.ts';
import { StripeGateway } from '../gateway/stripe-gateway.ts';
import { entities } from '../entities.ts';
import { schemas } from '../payment.schema.ts';
import { VoidPaymentWorker } from './void-payment.worker.ts';

// A void while the authorization is under way, in every order in which their steps can follow each other. At the end no
// money is held and none is taken, whatever came first.

let db: TestDatabase;
let simulator: GatewaySimulator;
let gateway: StripeGateway;
let shop: Bench;
beforeAll(async () => {
  [db, simulator] = await Promise.all([testDatabase(schemas, { entities }), gatewaySimulator()]);
  gateway = new StripeGateway({ url: simulator.url, apiKey: 'sk_test_x', timeoutMs: 10_000 });
  shop = bench(db.dataSource, gateway);
});
afterAll(async () => {
  await simulator?.stop();
  await db?.drop();
});

type Turn = () => Promise<void>;

/** Runs `work` one step at a time: `step` returns when it waits for its next turn, or has ended. */
function actor(work: (turn: Turn) => Promise<unknown>) {
  let resume = () => {};
  let paused = Promise.withResolvers<void>();
  let failure: unknown;
  let isOver = false;
  const turn: Turn = () => {
    const gate = Promise.withResolvers<void>();
    resume = gate.resolve;
    paused.resolve();
    return gate.promise;
  };
  void turn()
    .then(() => work(turn))
    .catch((error: unknown) => (failure = error))
    .finally(() => {
      isOver = true;
      paused.resolve();
    });
  return {
    async step() {
      if (isOver) return;
      paused = Promise.withResolvers();
      resume();
      await paused.promise;
      // Asked again by the ladder, after all steps. Nothing else may go wrong.
      if (failure !== undefined && !(failure instanceof Transient))
        throw new Error('a step failed', { cause: failure });
    },
  };
}

/** A worker's context whose transactions wait for their turn, but for the first, which only reads. */
function context(turn: Turn): TaskContext {
  let transactions = 0;
  const run: TaskContext['transaction'] = async (work) => {
    transactions += 1;
    if (transactions > 1) await turn();
    return shop.unitOfWork.run({ correlationId: crypto.randomUUID(), causationId: crypto.randomUUID() }, work);
  };
  return { task: {} as never, transaction: run, finish: run };
}

/** create · record its id · confirm · record the outcome */
const authorize = ({ orderId, paymentId }: Payment) =>
  actor(async (turn) => {
    const confirming = Object.assign(Object.create(gateway) as StripeGateway, {
      create: (payment: Payment) => gateway.create(payment),
      authorize: async (payment: Payment) => {
        await turn();
        return gateway.authorize(payment);
      },
      cancel: (payment: Payment) => gateway.cancel(payment),
    });
    await new AuthorizePaymentWorker(shop.payments, confirming).authorize({ orderId, paymentId }, context(turn));
  });

/** decide · cancel · record the outcome */
const cancel = ({ orderId, paymentId }: Payment) =>
  actor(async (turn) => {
    await shop.cancelled(orderId);
    await turn();
    await new VoidPaymentWorker(shop.payments, gateway).void({ orderId, paymentId }, context(turn));
  });

/** Every order of `a` steps of the one and `b` of the other. */
function interleavings(a: number, b: number): string[] {
  if (a === 0 || b === 0) return ['A'.repeat(a) + 'V'.repeat(b)];
  return [...interleavings(a - 1, b).map((rest) => `A${rest}`), ...interleavings(a, b - 1).map((rest) => `V${rest}`)];
}

async function placed(paymentMethod: string): Promise<Payment> {
  const orderId = await shop.placed(paymentMethod);
  return (await transaction(db.dataSource, (tx) => shop.payments.loadByOrder(tx, orderId)))!;
}

async function play(schedule: string, actors: Record<string, ReturnType<typeof actor>>) {
  for (const name of schedule) await actors[name]!.step();
}

const ended = async ({ orderId }: Payment) => ({
  state: await shop.state(orderId),
  ledger: (await simulator.ledger(orderId)).map(({ operation }) => operation).join(' '),
  facts: (await shop.announced(orderId)).join(' '),
});

test.each(interleavings(4, 3))('%s: a card that pays', async (schedule) => {
  const payment = await placed('pm_card_visa');
  await play(schedule, { A: authorize(payment), V: cancel(payment) });
  await shop.done();
  const { state, ledger, facts } = await ended(payment);
  expect(state).toBe('voided');
  expect(['', 'authorize cancel']).toContain(ledger);
  expect(['PaymentVoided', 'PaymentAuthorized PaymentVoided']).toContain(facts);
});

test.each(interleavings(4, 3))('%s: a card that declines', async (schedule) => {
  const payment = await placed('pm_card_visa_chargeDeclined');
  await play(schedule, { A: authorize(payment), V: cancel(payment) });
  await shop.done();
  const { state, ledger, facts } = await ended(payment);
  expect(['', 'decline']).toContain(ledger);
  expect([`${state} ${facts}`]).toEqual([expect.stringMatching(/^(declined PaymentDeclined|voided PaymentVoided)$/)]);
});

test.each(interleavings(4, 4))('%s: the same task at two workers, then a void', async (schedule) => {
  const payment = await placed('pm_card_visa');
  await play(schedule, { A: authorize(payment), V: authorize(payment) });
  await shop.done();
  expect(await ended(payment)).toEqual({ state: 'authorized', ledger: 'authorize', facts: 'PaymentAuthorized' });
  await shop.cancelled(payment.orderId);
  await shop.done();
  expect(await ended(payment)).toMatchObject({ state: 'voided', ledger: 'authorize cancel' });
});
