import type { CapturePayment, OrderConfirmed, OrderPlaced, PaymentDeclined } from '@cartwheel/contracts';
import { expect, test } from '@jest/globals';
import 'reflect-metadata';
import { factsTransport, OnFact, OnTask, tasksTransport } from './on-fact.ts';

class Handlers {
  @OnFact('OrderPlaced')
  placed(_: OrderPlaced): Promise<void> {
    return Promise.resolve();
  }

  /** OrderPlaced has all that OrderConfirmed has, and more. */
  @OnFact('OrderPlaced', 'analytics.sales')
  less(_: OrderConfirmed): Promise<void> {
    return Promise.resolve();
  }

  @OnFact(['OrderPlaced', 'OrderConfirmed'])
  either(_: OrderPlaced | OrderConfirmed): Promise<void> {
    return Promise.resolve();
  }

  @OnTask('CapturePayment')
  capture(_: CapturePayment): Promise<void> {
    return Promise.resolve();
  }
}

/** Never run: the compiler is the test here. `npm run check` fails where an error that is expected does not come. */
export const wrong = () => {
  class Wrong {
    // @ts-expect-error OrderConfirmed does not have all that OrderPlaced has
    @OnFact('OrderConfirmed')
    more(_: OrderPlaced): Promise<void> {
      return Promise.resolve();
    }

    // @ts-expect-error another fact
    @OnFact('OrderPlaced')
    other(_: PaymentDeclined): Promise<void> {
      return Promise.resolve();
    }

    // @ts-expect-error one of two
    @OnFact(['OrderPlaced', 'PaymentDeclined'])
    oneOfTwo(_: OrderPlaced): Promise<void> {
      return Promise.resolve();
    }

    // @ts-expect-error no such fact
    @OnFact('OrderEaten')
    nothing(_: object): Promise<void> {
      return Promise.resolve();
    }

    // @ts-expect-error a fact is no task
    @OnTask('OrderPlaced')
    order(_: OrderPlaced): Promise<void> {
      return Promise.resolve();
    }
  }
  return Wrong;
};

test.each([
  ['placed', ['OrderPlaced'], factsTransport()],
  ['less', ['OrderPlaced'], factsTransport('analytics.sales')],
  ['either', ['OrderPlaced', 'OrderConfirmed'], factsTransport()],
  ['capture', ['CapturePayment'], tasksTransport('payment.card')],
] as const)('a handler is registered under its types and its transport: %s', (method, types, transport) => {
  const handler = Handlers.prototype[method];
  const metadata = Reflect.getMetadataKeys(handler).map((key) => Reflect.getMetadata(key, handler) as unknown);
  expect(metadata).toContainEqual(types);
  expect(metadata).toContain(transport);
});
