import type { Mutant } from '../mutant.ts';

const inventory = { spec: 'apps/inventory/src/early-ends.int.spec.ts' };
const email = { spec: 'apps/email/src/early-facts.int.spec.ts' };
const analytics = {
  spec: 'apps/analytics/src/early-facts.int.spec.ts',
  test: ['every projection shows the same, in whatever order the facts of several orders are read'],
};

/** What holds when a topic gets more partitions, and undo is read before do. */
export const participants: readonly Mutant[] = [
  {
    name: 'cancellation-before-order-forgotten',
    promise: 'An order whose cancellation is read first holds no money.',
    file: 'apps/payment/src/authorize-payment/on-order-placed.consumer.ts',
    from: '(isCancelled && requestVoid(payment)) || payment',
    to: 'isCancelled ? payment : payment',
    spec: 'apps/payment/src/void-payment/early-cancellation.int.spec.ts',
    test: ['an order whose cancellation is read first is void at once, and the gateway hears nothing of it'],
  },
  {
    name: 'release-before-reservation-forgotten',
    promise: 'An order whose cancellation is read first holds no stock.',
    ...inventory,
    file: 'apps/inventory/src/reserve-stock/on-order-placed.consumer.ts',
    from: 'await this.endReservation.catchUp(ctx.tx, orderId);',
    to: '',
    test: ['an order whose cancellation is read first holds no stock, and is answered as in the right order'],
  },
  {
    name: 'return-before-shipment-forgotten',
    promise: 'An order whose refund is read before its completion is shipped and taken back.',
    ...inventory,
    file: 'apps/inventory/src/end-reservation.ts',
    from: `if (as === 'shipped') await this.catchUp(tx, orderId);`,
    to: '',
    test: ['an order whose refund is read before its completion is shipped and taken back'],
  },
  {
    name: 'orders-not-locked',
    promise: 'Two facts of one order that are read at once do not look past each other.',
    ...inventory,
    file: 'libs/inbox/src/lock-subjects.ts',
    from: 'SELECT pg_advisory_xact_lock(key) FROM',
    to: 'SELECT key FROM',
    test: ['a cancellation and its order, read at once, do not look past each other: %s first'],
  },
  {
    name: 'mail-before-its-address-forgotten',
    promise: 'A mail that is asked for before OrderPlaced is read is sent after it.',
    ...email,
    file: 'apps/email/src/remember-customer/on-order-placed.consumer.ts',
    from: 'await this.requestEmail.release(ctx.tx, orderId);',
    to: '',
    test: ['a mail whose order is placed in the same moment is sent all the same'],
  },
  {
    name: 'confirmed-after-it-was-cancelled',
    promise: 'Nobody is told that an order is confirmed after he was told that it is cancelled.',
    ...email,
    file: 'apps/email/src/request-email.ts',
    from: `OR NOT EXISTS (SELECT FROM emails WHERE order_id = $2 AND template = 'cancellation')`,
    to: 'OR true',
    test: [
      'each order gets its mails once, in whatever order its facts are read, but none that confirms what is cancelled',
    ],
  },
  {
    name: 'completion-before-its-lines-forgotten',
    promise: 'A sale counts whichever of its facts is read first.',
    ...analytics,
    file: 'apps/analytics/src/rank-products/on-order-completed.projection.ts',
    from: 'if (lines.length > 0) return;',
    to: 'if (lines) return;',
  },
  {
    name: 'cancellation-before-its-lines-forgotten',
    promise: 'A read model equals its rebuild, whatever order the facts were read in.',
    ...analytics,
    file: 'apps/analytics/src/rank-products/on-order-cancelled.projection.ts',
    from: 'if (lines.length > 0) return;',
    to: 'if (lines) return;',
  },
];
