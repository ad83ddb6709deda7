import { randomUUID } from 'node:crypto';
import type { DemoOrder } from './place.ts';

/** One kind of order of the demo, and how it has to end. */
export type Scene = {
  readonly title: string;
  readonly orders: readonly DemoOrder[];
  /** When they are completed, the customer gives them back. */
  readonly givenBack?: true;
  /** They stand before the shelf of this product until all do, and are let go in one moment. */
  readonly raceFor?: string;
  /** Two services are killed on their way. */
  readonly killed?: true;
  /** `completed`, or the reason of the cancellation, with how many end so. */
  readonly expected: Readonly<Record<string, number>>;
};

const people = [
  'Ada Moreau',
  'Grace Lund',
  'Edsger Vries',
  'Barbara Quint',
  'Tony Hart',
  'Radia Pearl',
  'Ken Ito',
  'Lynn Cole',
];
let next = 0;

function order(sku: string, quantity: number, paymentMethod = 'pm_card_visa', key: string = randomUUID()): DemoOrder {
  const name = people[next++ % people.length]!;
  const email = `${name.split(' ')[0]!.toLowerCase()}@example.com`;
  return { key, body: { customer: { name, email }, items: [{ sku, quantity }], payment: { paymentMethod } } };
}

/** How long an order waits for its answers in the demo, and the gateway for one call: so that time-outs can be watched. */
export const IMPATIENT = { ORDER_TIMEOUT_MS: '10000', ORDER_TIMEOUT_GRACE_MS: '0', GATEWAY_TIMEOUT_MS: '6000' };

/** The thirty-six requests of the demo, for thirty-four orders; one more of each in an impatient shop, and in a killable one. */
export function scenes({ impatient, killable }: { impatient: boolean; killable: boolean }): Scene[] {
  const goods = ['mug-blue', 'mug-white', 'teapot', 'bowl-large', 'plate-small', 'vase-tall'];
  const twice = [order('teapot', 1), order('bowl-large', 2)];
  const killed: Scene = {
    title: 'two services killed (kill -9)',
    orders: [order('bowl-large', 1)],
    killed: true,
    expected: { completed: 1 },
  };
  // Held at the gateway after 8.5 s and told to nobody: when the order gives up, payment lets the hold go.
  const tooLate: Scene = {
    title: 'gateway too slow',
    orders: [order('plate-small', 1, 'pm_cartwheel_too_slow')],
    expected: { 'timed-out': 1 },
  };
  return [
    {
      title: 'good card',
      orders: Array.from({ length: 16 }, (_, index) => order(goods[index % goods.length]!, 1 + (index % 3))),
      expected: { completed: 16 },
    },
    ...(killable ? [killed] : []),
    {
      title: 'declined card',
      orders: [
        order('mug-blue', 1, 'pm_card_visa_chargeDeclined'),
        order('teapot', 2, 'pm_card_visa_chargeDeclined'),
        order('vase-tall', 1, 'pm_card_visa_chargeDeclinedInsufficientFunds'),
      ],
      expected: { 'payment-declined': 3 },
    },
    {
      title: 'more than the stock holds',
      orders: [order('clock-oak', 1), order('vase-tall', 900)],
      expected: { 'stock-short': 2 },
    },
    {
      title: 'eight want two of three lamps',
      orders: Array.from({ length: 8 }, () => order('lamp-brass', 2)),
      raceFor: 'lamp-brass',
      expected: { completed: 1, 'stock-short': 7 },
    },
    {
      title: 'given back by the customer',
      orders: [order('mug-white', 2), order('teapot', 1)],
      givenBack: true,
      expected: { refunded: 2 },
    },
    {
      title: 'gateway silent, money taken',
      orders: [order('bowl-large', 1, 'pm_cartwheel_timeout_after_success')],
      expected: { completed: 1 },
    },
    ...(impatient ? [tooLate] : []),
    { title: 'same request sent twice', orders: [...twice, ...twice], expected: { completed: 2 } },
  ];
}
