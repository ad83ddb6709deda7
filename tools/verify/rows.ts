import type { FactType, TaskQueue } from '@cartwheel/contracts';
import type { Projection } from '../../apps/analytics/src/generations.ts';
import type { Order, OrderEvent } from '../../apps/order/src/domain/order.ts';

/** One readable record of a fact topic. Its personal fields are masked: names and addresses do not leave `read/`. */
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
  readonly time: string;
  readonly data: unknown;
};

/** What analytics shows of each projection, as rows of its table. */
export type ProjectionRows = Readonly<Record<Projection, readonly Readonly<Record<string, unknown>>[]>>;

export type OrderRow = {
  readonly orderId: string;
  readonly version: number;
  readonly status: string;
  readonly state: Order;
  /** Placed within the last 23 hours: its key is not forgotten yet. */
  readonly recent: boolean;
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
export type Movement = Levels & {
  readonly orderId: string | null;
  readonly kind: string;
  /** Within the last 23 hours: the key of the request is not forgotten yet. */
  readonly recent: boolean;
};
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
  /** How many of its sends had an outcome that nobody knows. */
  readonly ambiguousSends: number;
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
  /** `discarded`: an operator gave it up, and only that is on record. */
  readonly state: 'parked' | 'dead' | 'discarded';
  readonly subject: string;
  /** The reason, where there is one. */
  readonly errorClass?: string | null;
  /** Its number among the facts of topic and subject. Asked only of what the relay set aside. */
  readonly sequence?: number;
};
