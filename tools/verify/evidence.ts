import type {
  EmailRow,
  FactRecord,
  LedgerEntry,
  Levels,
  Movement,
  OrderRow,
  ParkedRow,
  PaymentRow,
  ProjectionRows,
  QueueDepth,
  Reservation,
  Task,
} from './rows.ts';

export type * from './rows.ts';

/** What analytics keeps of a fact, and of where it stands. */
export type CopyOfFact = Pick<
  FactRecord,
  'type' | 'subject' | 'topic' | 'partition' | 'offset' | 'time' | 'correlationId' | 'causationId'
>;

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
  /** What was answered to each request that brought stock. */
  readonly replenishments: readonly { readonly sku: string; readonly quantity: number }[];
  readonly emails: readonly EmailRow[];
  readonly mailbox: readonly { readonly emailId: string; readonly at: number }[];
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
  readonly analytics: ReadonlyMap<string, CopyOfFact>;
  /** Ids that stand in more than one row there. */
  readonly analyticsTwice: readonly string[];
  readonly projections: ProjectionRows;
};

export function recordPlace(
  consumer: string,
  topic: string,
  partition: number | string | null,
  offset: number | string | null,
): string {
  return `${consumer} ${topic} ${partition} ${offset}`;
}
