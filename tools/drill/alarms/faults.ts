import { setTimeout as sleep } from 'node:timers/promises';
import { cancel } from '../../demo/place.ts';
import { Shop as Operator } from '../../dead-letters/shop.ts';
import type { ServiceName } from '../../verify/target.ts';
import {
  closeDatabase,
  freeze,
  lockTable,
  type Mend,
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
  readonly plant: (scene: Scene) => Promise<Mend>;
};

/** In the order of alerts.yml; one that has two causes has two. */
export const faults: readonly Fault[] = [
  {
    alarm: 'CheckoutFails',
    broken: 'payment is away, and orders wait 5 s for it',
    async plant({ shop }) {
      await shop.stopService('order');
      shop.startService('order', { env: { ORDER_TIMEOUT_MS: '5000', ORDER_TIMEOUT_GRACE_MS: '0' } });
      await shop.stopService('payment');
      return async () => {
        shop.startService('payment');
        await shop.stopService('order');
        shop.startService('order');
      };
    },
  },
  {
    alarm: 'CompletionIsSlow',
    broken: 'the table of stock is locked for 15 s, again and again',
    async plant(scene) {
      const mended = new AbortController();
      const locking = (async () => {
        while (!mended.signal.aborted) {
          const unlock = await lockTable(scene, 'inventory', 'stock');
          await sleep(15_000, undefined, { signal: mended.signal }).catch(() => undefined);
          await unlock();
          await sleep(5_000, undefined, { signal: mended.signal }).catch(() => undefined);
        }
      })();
      return () => {
        mended.abort();
        return locking;
      };
    },
  },
  {
    alarm: 'OrdersPastTheirTime',
    broken: 'the gateway is silent, with an order confirmed',
    alone: true,
    async plant(scene) {
      const unlock = await lockTable(scene, 'inventory', 'stock');
      const { orderId } = await order(scene);
      await untilThere(scene, 'payment', `SELECT FROM payments WHERE order_id = '${orderId}' AND state = 'authorized'`);
      const answer = freeze(scene, 'gateway-simulator');
      await unlock();
      return answer;
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
      const unlock = await lockTable(scene, 'inventory', 'processed_events');
      await cancel(scene.shop.target.urls.order, [placed], scene.signal);
      await answer();
      return unlock;
    },
  },
  {
    alarm: 'MoneyOutlivesOrder',
    broken: 'the gateway is silent, and an order with money held is cancelled',
    alone: true,
    async plant(scene) {
      const unlock = await lockTable(scene, 'inventory', 'stock');
      const placed = await order(scene);
      const authorized = `SELECT FROM payments WHERE order_id = '${placed.orderId}' AND state = 'authorized'`;
      await untilThere(scene, 'payment', authorized);
      const answer = freeze(scene, 'gateway-simulator');
      await cancel(scene.shop.target.urls.order, [placed], scene.signal);
      await unlock();
      return answer;
    },
  },
  {
    alarm: 'OutboxWaits',
    broken: 'Kafka is frozen',
    plant: async (scene) => freeze(scene, 'kafka'),
  },
  {
    alarm: 'ConsumerLags',
    broken: 'email cannot write',
    plant: (scene) => lockTable(scene, 'email', 'processed_events'),
  },
  {
    alarm: 'MessagesParked',
    broken: "email's database refuses a customer's address",
    alone: true,
    async plant(scene) {
      const accept = await refuseRows(scene, 'email', 'addressees');
      await order(scene);
      return async () => {
        await accept();
        // Where ten attempts were in vain.
        await replayAll(scene, 'email');
      };
    },
  },
  {
    alarm: 'MessagesParked',
    broken: 'the mail server is frozen, with a mail to be sent',
    alone: true,
    async plant(scene) {
      const answer = freeze(scene, 'maildev');
      await order(scene);
      return answer;
    },
  },
  {
    alarm: 'MessagesDead',
    broken: 'bytes that are no task, on the queue of cards',
    async plant(scene) {
      await sendNonsense(scene);
      return () => discardAll(scene, 'payment');
    },
  },
  {
    alarm: 'GatewayCircuitOpen',
    broken: 'the gateway is silent',
    plant: async (scene) => freeze(scene, 'gateway-simulator'),
  },
  {
    alarm: 'ServiceDown',
    broken: 'email is away',
    async plant({ shop }) {
      await shop.stopService('email');
      return async () => void shop.startService('email');
    },
  },
  {
    alarm: 'SourceAway',
    broken: 'nobody gets into the database of email',
    plant: (scene) => closeDatabase(scene, 'email'),
  },
];

async function replayAll(scene: Scene, service: ServiceName): Promise<void> {
  const operator = operatorOf(scene);
  for (const place of await operator.listAll(service, {})) await operator.act('replay', place);
}

async function discardAll(scene: Scene, service: ServiceName): Promise<void> {
  const operator = operatorOf(scene);
  for (const place of await operator.listAll(service, {})) await operator.act('discard', place, 'it was a drill');
}

const operatorOf = ({ shop, signal }: Scene) => new Operator(shop.target, 'drill', signal);
