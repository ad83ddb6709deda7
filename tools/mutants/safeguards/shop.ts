import type { Mutant } from '../mutant.ts';

const stock = {
  file: 'apps/inventory/src/stock.repository.ts',
  spec: 'apps/inventory/src/reserve-stock/reserve-stock.int.spec.ts',
};
const idempotent = { file: 'libs/http/src/idempotent.ts', spec: 'libs/http/src/idempotent.int.spec.ts' };
const order = { file: 'apps/order/src/domain/order.ts', spec: 'apps/order/src/domain/order.spec.ts' };
const payment = { file: 'apps/payment/src/domain/payment.ts', spec: 'apps/payment/src/domain/payment.spec.ts' };

const mails = { file: 'apps/email/src/mailer/smtp-mailer.ts', spec: 'apps/email/src/send.int.spec.ts' };
const ledger = {
  file: 'apps/inventory/src/migrations/1767225661000-make-the-ledger-the-source.ts',
  spec: 'apps/inventory/src/ledger.int.spec.ts',
};
const balance = {
  spec: 'tools/model/balance.spec.ts',
  test: ['money and stock balance when all has come to rest, whatever was asked, repeated, lost and killed before'],
};

export const shop: readonly Mutant[] = [
  {
    name: 'request-carried-out-again',
    promise: 'Of requests under one Idempotency-Key one is carried out, and its answer is everybody’s.',
    ...idempotent,
    from: 'return inserted.length > 0;',
    to: 'return true;',
    test: ['of twenty requests at once under one key one does the work, and the others are told that it is under way'],
  },
  {
    name: 'key-of-another-request',
    promise: 'An Idempotency-Key answers for one request only.',
    ...idempotent,
    from: 'if (stored && !stored.request_hash.equals(hash)) {',
    to: 'if (hash.length === 0) {',
    test: ['the same key with another request is refused'],
  },
  {
    name: 'no-version-check',
    promise: 'Of two that decided on the same state of an order one succeeds, and the other is told.',
    file: 'libs/event-store/src/index.ts',
    from: 'if (written.length !== rows.length) throw',
    to: 'if (!written) throw',
    spec: 'libs/event-store/src/event-store.int.spec.ts',
    test: [
      'of ten writers that decided on the same version exactly one succeeds, the others learn that they are stale',
    ],
  },
  {
    name: 'confirm-at-the-first-answer',
    promise: 'An order is confirmed by the second of its two answers.',
    ...order,
    from: `order.status === 'placed' && order.paymentNoted && order.stockNoted;`,
    to: `order.status === 'placed' && order.paymentNoted;`,
    test: ['a placed order', 'waits for stock when the payment is authorized first'],
  },
  {
    name: 'end-an-order-twice',
    promise: 'An order ends once, whatever arrives, in whatever order and however often.',
    ...order,
    from: 'return order.status === status ? change(',
    to: 'return status ? change(',
    test: [
      'every sequence of inputs',
      'confirms at most once, ends at most once, and gives no money back that it did not get',
    ],
  },
  {
    name: 'time-out-while-the-money-is-taken',
    promise: 'An order whose money is being taken does not time out.',
    ...order,
    from: `cancelWhile('placed', order, 'timed-out');`,
    to: `cancelWhile(order.status === 'confirmed' ? 'confirmed' : 'placed', order, 'timed-out');`,
    test: ['a confirmed order', 'cannot time out any more, and no late answer changes it'],
  },
  {
    name: 'stock-not-locked',
    promise: 'Of ten orders for the last three pieces three get one.',
    ...stock,
    from: 'ORDER BY sku FOR UPDATE',
    to: 'ORDER BY sku',
    test: [
      'of ten orders at once for the last three pieces exactly three are reserved, and the others hear how many were left',
    ],
  },
  {
    name: 'reserve-what-there-is',
    promise: 'An order is reserved whole or not at all.',
    file: 'apps/inventory/src/reserve-stock/reserve-stock.ts',
    from: 'if (shortfall.length === 0) await',
    to: 'if (shortfall) await',
    spec: stock.spec,
    test: ['an order is reserved whole or not at all'],
  },
  {
    name: 'reservation-ends-twice',
    promise: 'A reservation is released or shipped, never both.',
    ...stock,
    from: 'WHERE order_id = $1 AND state = $2',
    to: `WHERE order_id = $1 AND $2::text <> ''`,
    test: ['a reservation ends once: released or shipped, and only what was shipped comes back, once'],
  },
  {
    name: 'intent-recorded-after-the-void',
    promise: 'A void always knows the intent that may hold money.',
    ...payment,
    from: `return payment.state === 'authorizing' && payment.intentId === undefined ?`,
    to: 'return payment.intentId === undefined ?',
    test: ['a payment without a recorded intent', 'gets one while it is authorizing, and keeps the first'],
  },
  {
    name: 'void-a-captured-payment',
    promise: 'A void changes nothing about money that is taken, or on the way to it.',
    ...payment,
    from: `requestVoid: { authorizing: 'voiding', authorized: 'voiding' }`,
    to: `requestVoid: { authorizing: 'voiding', authorized: 'voiding', capturing: 'voiding' }`,
    test: ['a void changes nothing about a payment that is declined, captured or on the way to it'],
  },
  {
    name: 'order-remade-without-its-lock',
    promise: 'A rebuild of an order’s row overwrites no change that is under way.',
    file: 'tools/rebuild/orders.ts',
    from: `'SELECT 1 FROM orders WHERE order_id = $1 FOR UPDATE'`,
    to: `'SELECT 1 FROM orders WHERE order_id = $1'`,
    spec: 'tools/rebuild/orders.int.spec.ts',
    test: ['a rebuild waits for the writer of an order, and keeps what that one wrote'],
  },
  {
    name: 'late-authorization-is-kept',
    promise: 'An authorization that comes when its order is cancelled is let go.',
    ...balance,
    file: 'apps/payment/src/domain/payment.ts',
    from: `requestVoid: { authorizing: 'voiding', authorized: 'voiding' }`,
    to: `requestVoid: { authorizing: 'voiding' }`,
  },
  {
    name: 'two-intents-for-one-payment',
    promise: 'Money is held and taken once, also when two workers have created an intent each.',
    file: 'apps/payment/src/domain/payment.ts',
    from: `payment.state === 'authorizing' && payment.intentId === undefined ? {`,
    to: `payment.state === 'authorizing' ? {`,
    spec: 'apps/payment/src/domain/payment.spec.ts',
    test: ['a payment without a recorded intent', 'gets one while it is authorizing, and keeps the first'],
  },
  {
    name: 'capture-failed-while-money-is-held',
    promise: 'A capture has failed only when the gateway holds nothing any more.',
    ...balance,
    file: 'apps/payment/src/capture-payment/capture-payment.worker.ts',
    from: 'return isRefusedForGood(noted) ? this.cancel(noted, ctx) : answer;',
    to: `return isRefusedForGood(noted) ? { intent: { kind: 'canceled' } } : answer;`,
  },
  {
    name: 'doubt-is-a-decline',
    promise: 'What the gateway does not say becomes no outcome.',
    ...balance,
    file: 'apps/payment/src/domain/intent.ts',
    from: `    case 'unknown':
      return undefined;`,
    to: `      return undefined;
    case 'unknown':
      return noteDeclined(payment, 'unknown');`,
  },
  {
    name: 'captured-is-announced-again',
    promise: 'Of a worker and a webhook one announces that the money is in.',
    ...balance,
    file: 'apps/payment/src/domain/payment.ts',
    from: `noteCaptured: { capturing: 'captured' }`,
    to: `noteCaptured: { capturing: 'captured', captured: 'captured' }`,
  },
  {
    name: 'release-of-nothing',
    promise: 'A cancelled order gives its stock back.',
    ...balance,
    file: 'apps/inventory/src/stock.repository.ts',
    from: `= { released: 'reserved',`,
    to: `= { released: 'returned',`,
  },
  {
    name: 'refund-once-more',
    promise: 'An order is refunded once, however often its customer asks.',
    ...balance,
    file: 'apps/order/src/domain/order.ts',
    from: `    case 'refunding':
    case 'refunded':
      return unchanged(order);`,
    to: `    case 'refunding':
      return unchanged(order);
    case 'refunded':
      return change(order, { type: 'RefundRequested' });`,
  },
  {
    name: 'wish-to-cancel-forgotten',
    promise: 'Who wanted to cancel while the money was being taken gets it back.',
    ...balance,
    file: 'apps/order/src/domain/order.ts',
    from: `return order.cancellationRequested ? and(completed, { type: 'RefundRequested' }) : completed;`,
    to: 'return completed;',
  },
  {
    name: 'slow-clients-welcome',
    promise: 'Who sends a request too slowly does not keep a connection.',
    file: 'libs/http/src/server-limits.ts',
    from: 'requestTimeout: requestMs,',
    to: 'requestTimeout: requestMs * 1_000,',
    spec: 'libs/http/src/server-limits.spec.ts',
    test: ['a client that does not send its body is told so, and its connection is closed'],
  },
  {
    name: 'streams-end-in-time-too',
    promise: 'The deadline of answers does not end a stream.',
    file: 'libs/http/src/server-limits.ts',
    from: 'if (!(route.config as typeof STREAMS | undefined)?.streams) route',
    to: 'route',
    spec: 'libs/http/src/server-limits.spec.ts',
    test: ['a stream may last'],
  },
  {
    name: 'two-senders-of-one-mail',
    promise: 'A mail that somebody is sending is left alone for as long as a send may take.',
    file: 'apps/email/src/send-email/send-email.ts',
    from: 'AND e.sending_since < clock_timestamp() - make_interval(secs => $2::float8 / 1000))',
    to: 'AND $2::float8 > 0)',
    spec: mails.spec,
    test: ['a task that stands in the queue five times side by side sends one mail'],
  },
  {
    name: 'refused-mail-sent-again',
    promise: 'A mail that the server refuses for good is dead at once.',
    ...mails,
    from: 'return refusesThisMail ? new Permanent(said) : new Transient(said);',
    to: 'return new (refusesThisMail ? Transient : Transient)(said);',
    test: ['a mail whose %s the server refuses for good is dead, and known not to be sent'],
  },
  {
    name: 'busy-is-for-good',
    promise: 'A mail that the server is too busy for is tried again.',
    ...mails,
    from: ' && responseCode >= 500;',
    to: ';',
    test: ['a mail is tried again, and known not to be sent, when', 'the server is too busy for the recipient'],
  },
  {
    name: 'doubt-about-a-mail-forgotten',
    promise: 'A send of which nobody knows whether it was taken is on record as such.',
    ...mails,
    from: 'neverBegan ? new Transient(said) : new OutcomeUnknown(said);',
    to: 'new (neverBegan ? Transient : Transient)(said);',
    test: [
      'a mail of which nobody knows whether it was sent is recorded so, and repeated under its Message-ID, when',
      'the connection is lost before the answer',
    ],
  },
  {
    name: 'release-of-anything',
    promise: 'What is released was reserved, piece for piece.',
    ...ledger,
    from: `WHEN 'released' THEN available > 0 AND reserved = -available AND shipped = 0`,
    to: `WHEN 'released' THEN true`,
    test: ['a movement that is not what its kind may do is refused: %s %p %p %p'],
  },
  {
    name: 'shipping-of-anything',
    promise: 'What is shipped was reserved, piece for piece.',
    ...ledger,
    from: `WHEN 'shipped' THEN shipped > 0 AND reserved = -shipped AND available = 0`,
    to: `WHEN 'shipped' THEN true`,
    test: ['a movement that is not what its kind may do is refused: %s %p %p %p'],
  },
];
