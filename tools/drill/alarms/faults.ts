import { setTimeout as sleep } from 'node:timers/promises';
import { cancel } from '../../demo/place.ts';
import { Shop as Operator } from '../../dead-letters/shop.ts';
import type { ServiceName } from '../../verify/target.ts';
import {
  closeDatabase,
  freeze,
  holdDeadRows,
  lockTable,
  makeGap,
  order,
  refuseRows,
  type Scene,
  sendNonsense,
  untilThere,
} from './scene.ts';

/** What has to be broken for an alarm to fire. */
export type Fault = {
  readonly alarm: string;
  /** One line of the table. */
  readonly broken: string;
  /** Without customers: what they leave open would hide it. */
  readonly alone?: true;
  /** Breaks it; how it is mended stands in `scene.undo`. */
  readonly plant: (scene: Scene) => unknown;
};

/** In the order of alerts.yml; one that has two causes has two. */
export const faults: readonly Fault[] = [
  {
    alarm: 'CheckoutFails',
    broken: 'payment is away, and orders wait 5 s for it',
    async plant({ shop, undo }) {
      undo.defer(async () => {
        shop.startService('payment');
        await shop.stopService('order');
        shop.startService('order');
      });
      await shop.stopService('order');
      shop.startService('order', { env: { ORDER_TIMEOUT_MS: '5000', ORDER_TIMEOUT_GRACE_MS: '0' } });
      await shop.stopService('payment');
    },
  },
  {
    alarm: 'CompletionIsSlow',
    broken: 'the table of stock is locked for 15 s, again and again',
    plant(scene) {
      const mended = new AbortController();
      const pause = (ms: number) => sleep(ms, undefined, { signal: mended.signal }).catch(() => undefined);
      const locking = (async () => {
        while (!mended.signal.aborted) {
          const unlock = await lockTable(scene, 'inventory', 'stock');
          await pause(15_000);
          await unlock();
          await pause(5_000);
        }
      })();
      // Told when it is mended; until then nobody waits for it.
      locking.catch(() => undefined);
      scene.undo.defer(() => {
        mended.abort();
        return locking;
      });
    },
  },
  {
    alarm: 'OrdersPastTheirTime',
    broken: 'the gateway is silent, with an order confirmed',
    alone: true,
    async plant(scene) {
      const unlock = await lockTable(scene, 'inventory', 'stock');
      const { orderId } = await order(scene);
      await untilAuthorized(scene, orderId);
      freeze(scene, 'gateway-simulator');
      await unlock();
    },
  },
  {
    alarm: 'StockOutlivesOrder',
    broken: 'inventory cannot write, and an order with stock is cancelled',
    alone: true,
    async plant(scene) {
      // An order that is not confirmed yet, with its stock.
      const answer = freeze(scene, 'gateway-simulator');
      const placed = await order(scene);
      await untilThere(scene, 'inventory', `SELECT FROM reservations WHERE order_id = '${placed.orderId}'`);
      await lockTable(scene, 'inventory', 'processed_events');
      await cancel(scene.shop.target.urls.order, [placed], scene.signal);
      await answer();
    },
  },
  {
    alarm: 'MoneyOutlivesOrder',
    broken: 'the gateway is silent, and an order with money held is cancelled',
    alone: true,
    async plant(scene) {
      const unlock = await lockTable(scene, 'inventory', 'stock');
      const placed = await order(scene);
      await untilAuthorized(scene, placed.orderId);
      freeze(scene, 'gateway-simulator');
      await cancel(scene.shop.target.urls.order, [placed], scene.signal);
      await unlock();
    },
  },
  {
    alarm: 'OutboxWaits',
    broken: 'Kafka is frozen',
    plant: (scene) => freeze(scene, 'kafka'),
  },
  {
    alarm: 'OutboxBloats',
    broken: 'an old snapshot holds 250 000 deleted rows',
    plant: (scene) => holdDeadRows(scene, 'order'),
  },
  {
    alarm: 'ConsumerLags',
    broken: 'email cannot write',
    plant: (scene) => lockTable(scene, 'email', 'processed_events'),
  },
  {
    alarm: 'MessagesKeepFailing',
    broken: "email's database refuses a customer's address",
    alone: true,
    async plant(scene) {
      // Mended last: what ten attempts were in vain for waits for a person.
      scene.undo.defer(() => replayAll(scene, 'email'));
      await refuseRows(scene, 'email', 'addressees');
      await order(scene);
    },
  },
  {
    alarm: 'MessagesKeepFailing',
    broken: 'the mail server is frozen, with a mail to be sent',
    alone: true,
    plant(scene) {
      freeze(scene, 'maildev');
      return order(scene);
    },
  },
  {
    alarm: 'MessagesDead',
    broken: 'bytes that are no task, on the queue of cards',
    plant(scene) {
      scene.undo.defer(() => discardAll(scene, 'payment'));
      return sendNonsense(scene);
    },
  },
  {
    alarm: 'FactsMissing',
    broken: 'analytics has seen a fact less of an order than was told',
    async plant(scene) {
      const { orderId } = await order(scene);
      await untilThere(scene, 'analytics', `SELECT FROM fact_sequences WHERE subject = '${orderId}' AND seen > 1`);
      await makeGap(scene, orderId);
    },
  },
  {
    alarm: 'GatewayCircuitOpen',
    broken: 'the gateway is silent',
    plant: (scene) => freeze(scene, 'gateway-simulator'),
  },
  {
    alarm: 'ServiceDown',
    broken: 'email is away',
    plant({ shop, undo }) {
      undo.defer(() => void shop.startService('email'));
      return shop.stopService('email');
    },
  },
  {
    alarm: 'SourceAway',
    broken: 'nobody gets into the database of email',
    plant: (scene) => closeDatabase(scene, 'email'),
  },
];

async function untilAuthorized(scene: Scene, orderId: string): Promise<void> {
  await untilThere(scene, 'payment', `SELECT FROM payments WHERE order_id = '${orderId}' AND state = 'authorized'`);
}

async function replayAll(scene: Scene, service: ServiceName): Promise<void> {
  const operator = operatorOf(scene);
  for (const place of await operator.listAll(service, {})) await operator.act('replay', place);
}

async function discardAll(scene: Scene, service: ServiceName): Promise<void> {
  const operator = operatorOf(scene);
  for (const place of await operator.listAll(service, {})) await operator.act('discard', place, 'it was a drill');
}

const operatorOf = ({ shop, signal }: Scene) => new Operator(shop.target, 'drill', signal);
