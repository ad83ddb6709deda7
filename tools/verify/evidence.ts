import type { ConsumerGroup, FactType, TaskQueue } from '@cartwheel/contracts';
import type { Order, OrderEvent } from '../../apps/order/src/domain/order.ts';

/** One readable record of a fact topic, without its data: names and addresses do not leave `read/`. */
export type FactRecord = {
  readonly id: string;
  readonly type: FactType;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly subject: string;
  readonly sequence: number | undefined;
  readonly correlationId: string;
  readonly causationId: string;
};

export type OrderRow = {
  readonly orderId: string;
  readonly version: number;
  readonly status: string;
  readonly state: Order;
  readonly events: readonly { readonly version: number; readonly event: OrderEvent; readonly factId: string | null }[];
};

export type PaymentRow = {
  readonly paymentId: string;
  readonly orderId: string;
  readonly state: string;
  readonly amountMinor: number;
  readonly currency: string;
};

export type Levels = {
  readonly sku: string;
  readonly available: number;
  readonly reserved: number;
  readonly shipped: number;
};
export type Movement = Levels & { readonly orderId: string | null; readonly kind: string };
export type Reservation = {
  readonly orderId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly state: string;
};

export type EmailRow = {
  readonly emailId: string;
  readonly orderId: string;
  readonly template: string;
  readonly state: string;
  /** Milliseconds since 1970. */
  readonly requestedAt: number;
};

export type LedgerEntry = {
  readonly intentId: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly operation: 'authorize' | 'decline' | 'capture' | 'cancel' | 'refund';
  readonly amountMinor: number;
  readonly currency: string;
};

export type Attempt = { readonly startedAt: number; readonly endedAt: number | null; readonly outcome: string | null };
export type Task = {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly queue: TaskQueue;
  /** In the order of their numbers. */
  readonly attempts: readonly Attempt[];
};

/** A work queue, a rung of its retry ladder, or its `.dead`. */
export type QueueDepth = {
  readonly name: string;
  /** The work queue it belongs to, without the namespace. */
  readonly queue: TaskQueue;
  readonly ready: number;
  readonly isDead: boolean;
};

export type ParkedRow = {
  readonly consumer: string;
  readonly id: string;
  readonly source: 'kafka' | 'rabbitmq';
  readonly topic: string;
  readonly partition: number | null;
  readonly offset: number | null;
  readonly state: 'parked' | 'dead';
  readonly subject: string;
};

/** All that was read, in the form in which the promises ask for it. */
export type Evidence = {
  /** Why the shop was not at rest when this was read; empty when it was. */
  readonly unrest: readonly string[];
  readonly orders: readonly OrderRow[];
  /** What each idempotency key answers. `orderId` is null for a key without an answer. */
  readonly answers: readonly { readonly orderId: string | null; readonly totalMinor: number | null }[];
  readonly payments: readonly PaymentRow[];
  readonly stock: readonly Levels[];
  /** In the order in which they were written. */
  readonly movements: readonly Movement[];
  readonly reservations: readonly Reservation[];
  readonly emails: readonly EmailRow[];
  readonly mailbox: readonly { readonly messageId: string; readonly at: number }[];
  readonly ledger: readonly LedgerEntry[];
  /** The fact topics, each partition in order, repeats included. */
  readonly records: readonly FactRecord[];
  /** Records that break their contract: where, and why. */
  readonly unreadable: readonly string[];
  /** Places that hold what looks like a mail address and must not. */
  readonly personal: readonly string[];
  /** How many headers and stored error texts were looked at for that. */
  readonly looked: number;
  /** Originals that have a copy in a dead letter topic, as `recordPlace` names them. */
  readonly deadLetterCopies: ReadonlySet<string>;
  readonly sequences: readonly { readonly topic: string; readonly subject: string; readonly last: number }[];
  /** Rows per outbox, as `order to kafka`. */
  readonly outboxes: readonly { readonly name: string; readonly rows: number }[];
  /** By consumer and message id, when: microseconds since 1970. */
  readonly processed: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly parked: readonly ParkedRow[];
  readonly tasks: readonly Task[];
  readonly queues: readonly QueueDepth[];
  readonly analytics: ReadonlyMap<string, Pick<FactRecord, 'type' | 'subject' | 'topic' | 'partition' | 'offset'>>;
};

export type Consumer = ConsumerGroup | TaskQueue;

export function recordPlace(
  consumer: string,
  topic: string,
  partition: number | string | null,
  offset: number | string | null,
): string {
  return `${consumer} ${topic} ${partition} ${offset}`;
}
