import type { FactType, TaskType } from '@cartwheel/contracts';
import type { ServiceName } from '../verify/target.ts';

export type OrderStatus = 'placed' | 'confirmed' | 'completed' | 'refunding' | 'refunded' | 'cancelled';

/** One service's part: it takes a fact, may do a task for it, and may answer with a fact that the order waits for. */
export type Step = {
  readonly by: ServiceName;
  /** In words: "waits for …". */
  readonly what: string;
  readonly asks: FactType;
  readonly task?: TaskType;
  readonly answers: readonly FactType[];
};

const reserve: Step = {
  by: 'inventory',
  what: 'stock',
  asks: 'OrderPlaced',
  answers: ['StockReserved', 'StockRejected'],
};
const authorize: Step = {
  by: 'payment',
  what: 'payment',
  asks: 'OrderPlaced',
  task: 'AuthorizePayment',
  answers: ['PaymentAuthorized', 'PaymentDeclined'],
};
const capture: Step = {
  by: 'payment',
  what: 'the money',
  asks: 'OrderConfirmed',
  task: 'CapturePayment',
  answers: ['PaymentReceived', 'PaymentCaptureFailed'],
};
const refund: Step = {
  by: 'payment',
  what: 'the refund',
  asks: 'RefundRequested',
  task: 'RefundPayment',
  answers: ['PaymentRefunded'],
};
const letGo: Step = {
  by: 'payment',
  what: 'the hold on the card to end',
  asks: 'OrderCancelled',
  task: 'VoidPayment',
  answers: [],
};
const stock = (what: string, asks: FactType): Step => ({ by: 'inventory', what, asks, answers: [] });
const mail = (what: string, asks: FactType): Step => ({ by: 'email', what, asks, task: 'SendEmail', answers: [] });

const confirmation = mail('the confirmation', 'OrderConfirmed');
const receipt = mail('the receipt', 'OrderCompleted');
const ship = stock('the goods to leave', 'OrderCompleted');

/** What decides how an order goes on, by its status. An order that has ended waits for nothing. */
export const decisive: Readonly<Record<OrderStatus, readonly Step[]>> = {
  placed: [authorize, reserve],
  confirmed: [capture],
  refunding: [refund],
  completed: [],
  cancelled: [],
  refunded: [],
};

/** What has to follow beside that. */
export const following: Readonly<Record<OrderStatus, readonly Step[]>> = {
  placed: [],
  confirmed: [confirmation],
  completed: [ship, confirmation, receipt],
  refunding: [ship, confirmation, receipt, mail('the mail about the refund', 'RefundRequested')],
  refunded: [
    stock('the goods to return', 'OrderRefunded'),
    mail('the mail about the refund', 'RefundRequested'),
    mail('the mail that it is done', 'OrderRefunded'),
  ],
  cancelled: [
    stock('the goods to go back', 'OrderCancelled'),
    letGo,
    confirmation,
    mail('the cancellation mail', 'OrderCancelled'),
  ],
};

/** Which fact asks for a task or is answered by a fact, where nobody has kept the message's own word for it. */
export const askedBy: Readonly<Record<string, FactType>> = {
  AuthorizePayment: 'OrderPlaced',
  CapturePayment: 'OrderConfirmed',
  VoidPayment: 'OrderCancelled',
  RefundPayment: 'RefundRequested',
  PaymentAuthorized: 'OrderPlaced',
  PaymentDeclined: 'OrderPlaced',
  StockReserved: 'OrderPlaced',
  StockRejected: 'OrderPlaced',
  PaymentReceived: 'OrderConfirmed',
  PaymentCaptureFailed: 'OrderConfirmed',
  PaymentRefunded: 'RefundRequested',
};

/** The fact that an event of the order came from, by the event's type or a cancellation's reason. */
export const eventCauses: Readonly<Record<string, FactType>> = {
  PaymentNoted: 'PaymentAuthorized',
  StockNoted: 'StockReserved',
  OrderCompleted: 'PaymentReceived',
  OrderRefunded: 'PaymentRefunded',
  'payment-declined': 'PaymentDeclined',
  'stock-short': 'StockRejected',
  'capture-failed': 'PaymentCaptureFailed',
};

const mails: Readonly<Record<string, string>> = {
  OrderConfirmed: 'confirmation',
  OrderCompleted: 'receipt',
  OrderCancelled: 'cancellation',
  RefundRequested: 'refund begun',
  OrderRefunded: 'refund done',
};

/** The mail that a fact asks for, in words. */
export function mailOf(fact: string | undefined): string {
  return mails[fact ?? ''] ?? '';
}
