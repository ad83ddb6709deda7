import { Logger } from '@nestjs/common';
import { beforeEach, describe, expect, test } from '@jest/globals';
import Stripe from 'stripe';
import { circuitRefusal, GatewayCircuit } from './gateway-circuit.ts';

Logger.overrideLogger(false);

const { StripeAPIError, StripeCardError, StripeConnectionError, StripeRateLimitError } = Stripe.errors;
const errorOf = (error: object) => Object.assign(new Error('from the gateway'), error);
const away = () => new StripeConnectionError({ message: 'away', type: 'api_error' });
const broken = () => new StripeAPIError({ message: 'broken', type: 'api_error', statusCode: 503 });
const declined = () => new StripeCardError({ message: 'declined', type: 'card_error', statusCode: 402 });
const limited = (seconds?: string) =>
  new StripeRateLimitError({
    message: 'slow down',
    type: 'rate_limit_error' as never,
    statusCode: 429,
    headers: seconds === undefined ? {} : { 'retry-after': seconds },
  });

let circuit: GatewayCircuit;
let sent: number;
beforeEach(() => {
  circuit = new GatewayCircuit(200);
  sent = 0;
});

/** Makes calls one after the other, each with this end; returns how the last one was told. */
async function calls(count: number, end: () => Error | undefined): Promise<string> {
  let told = 'answered';
  for (let n = 0; n < count; n += 1) {
    const call = () => {
      sent += 1;
      const error = end();
      return error ? Promise.reject(error) : Promise.resolve();
    };
    told = await circuit.call('test', call).then(() => 'answered', circuitRefusal);
  }
  return told;
}

test.each([
  ['no connection', away],
  ['a 5xx', broken],
])('after six times %s none is sent any more', async (_, outage) => {
  expect(await calls(9, outage)).toBe('circuit_open');
  expect(sent).toBe(6);
});

test('a call that does not end in its time is given up, and six of them open the circuit', async () => {
  const hang = () =>
    circuit
      .call('test', () => {
        sent += 1;
        return new Promise(() => undefined);
      })
      .then(() => 'answered', circuitRefusal);
  expect(await hang()).toBe('timed_out');
  await Promise.all([hang(), hang(), hang(), hang(), hang()]);
  expect(await hang()).toBe('circuit_open');
  expect(sent).toBe(6);
});

test('declined cards never open it, however many', async () => {
  await calls(20, declined);
  expect(await calls(1, () => undefined)).toBe('answered');
  expect(sent).toBe(21);
});

test('one answer in between is enough to go on', async () => {
  for (const _ of [1, 2, 3]) {
    await calls(5, away);
    expect(await calls(1, () => undefined)).toBe('answered');
  }
});

describe('a 429', () => {
  test('with Retry-After: none is sent before, and then they are again', async () => {
    await calls(1, () => limited('1'));
    expect(await calls(5, () => undefined)).toBe('rate_limited');
    expect(sent).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await calls(1, () => undefined)).toBe('answered');
  });
  test.each([undefined, 'soon', '-1'])('with Retry-After %s leaves it to the ladder', async (seconds) => {
    await calls(1, () => limited(seconds));
    expect(await calls(1, () => undefined)).toBe('answered');
  });
});

test('so many at once are sent, so many wait, the others are told at once', async () => {
  const gate = Promise.withResolvers<void>();
  const all = Array.from({ length: 40 }, () =>
    circuit
      .call('test', () => {
        sent += 1;
        return gate.promise;
      })
      .then(() => 'answered', circuitRefusal),
  );
  await new Promise((resolve) => setImmediate(resolve));
  expect(sent).toBe(16);
  gate.resolve();
  const told = await Promise.all(all);
  expect(told.filter((word) => word === 'answered')).toHaveLength(32);
  expect(told.filter((word) => word === 'too_many_calls')).toHaveLength(8);
});

test('what nobody has a word for is an unknown outcome, never a refusal', () => {
  expect(circuitRefusal(errorOf({ code: 'EPIPE' }))).toBe('unreachable');
});
