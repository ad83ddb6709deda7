import type { Mutant } from '../mutant.ts';

const inventory = { spec: 'apps/inventory/src/early-ends.int.spec.ts' };
const email = { spec: 'apps/email/src/early-facts.int.spec.ts' };
const gaps = { spec: 'apps/analytics/src/find-gaps/find-gaps.int.spec.ts' };
const cleanUp = { spec: 'tools/clean-up/clean-up.int.spec.ts' };
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
    file: 'apps/email/src/request-email.ts',
    from: 'await tx.manager.find(EmailEntity, { where: { orderId }, order: inOrder })',
    to: '([] as EmailEntity[])',
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

/** What is lost on its way is noticed, and what is still needed is not forgotten. */
export const keeping: readonly Mutant[] = [
  {
    name: 'gap-not-noticed',
    promise: 'A fact that a later one of its subject has overtaken for a minute is named.',
    ...gaps,
    file: 'apps/analytics/src/record-fact/on-every-fact.projection.ts',
    from: 'THEN coalesce(s.gap_since, now()) END`',
    to: 'THEN NULL END`',
    test: ['a fact that a later one has overtaken is missing when a minute has passed, and no more when it is read'],
  },
  {
    name: 'parked-is-missing',
    promise: 'What is parked or dead is not called missing.',
    ...gaps,
    file: 'apps/analytics/src/find-gaps/gaps.ts',
    from: `WHERE p.consumer = 'analytics.facts' AND`,
    to: `WHERE p.consumer = 'nobody' AND`,
    test: ['a fact that is parked or dead is not missing'],
  },
  {
    name: 'late-is-missing',
    promise: 'A fact that is late is not called missing before a minute has passed.',
    ...gaps,
    file: 'apps/analytics/src/find-gaps/gaps.ts',
    from: 'gap_since <= now() - make_interval(secs => $1)',
    to: 'gap_since <= now() + make_interval(secs => $1)',
    test: ['a fact that a later one has overtaken is missing when a minute has passed, and no more when it is read'],
  },
  {
    name: 'drop-what-a-topic-holds',
    promise: 'An id is kept as long as a topic holds what it may be needed for: an offset reset doubles nothing.',
    ...cleanUp,
    file: 'tools/clean-up/clean-up.ts',
    from: 'if (topic !== undefined) return',
    to: `if (topic === '') return`,
    test: ['a month that a topic still holds is kept, and an offset reset doubles nothing'],
  },
  {
    name: 'drop-by-the-age-of-the-id',
    promise: 'An id is as old as the time at which it was taken, whenever it was made.',
    ...cleanUp,
    file: 'tools/clean-up/clean-up.ts',
    from: 'Math.max(month.endsAt.getTime(), month.lastTakenAt.getTime())',
    to: 'month.endsAt.getTime()',
    test: ['a month is kept for a record that came much later than its id was made'],
  },
  {
    name: 'drop-what-is-parked',
    promise: 'An id whose message is parked or dead is kept.',
    ...cleanUp,
    file: 'tools/clean-up/clean-up.ts',
    from: 'return (await isSetAside(db, month)) ?',
    to: 'return (await isSetAside(db, month)) && month.ids === 0 ?',
    test: ['a month is kept as long as a message of it is set aside, or a group has not read what is gone'],
  },
  {
    name: 'drop-a-strangers-id',
    promise: 'An id that says nothing about its age is kept for ever.',
    ...cleanUp,
    file: 'tools/clean-up/months.ts',
    from: `WHERE substring(event_id::text FROM 15 FOR 1) <> '7'`,
    to: 'WHERE false',
    test: ['an id that says nothing about its age survives the month that it lies in by chance'],
  },
];
