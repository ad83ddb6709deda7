import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { StoredEvent } from '@cartwheel/event-store';
import type { Queryable } from '@cartwheel/postgres';
import { delay, describeError, DomainError } from '@cartwheel/primitives';
import { DATABASE } from '@cartwheel/service';
import { Observable, type Subscriber } from 'rxjs';
import type { OrderEvent } from '../domain/order.ts';

type Entry = StoredEvent<OrderEvent>;
type Watcher = { readonly orderId: string; seen: number; readonly subscriber: Subscriber<Entry> };

const INTERVAL_MS = 250;
const MAX_WATCHERS = 1_000;

/**
 * Tells who watches an order of each new event, in order. One query per interval for all that are watched, and none while
 * nobody watches: whichever instance wrote the event, the table is where it can be seen.
 */
@Injectable()
export class OrderWatch implements OnModuleDestroy {
  private readonly watchers = new Set<Watcher>();
  private readonly stopping = new AbortController();
  private readonly logger = new Logger('order-watch');
  private running = false;

  constructor(@Inject(DATABASE) private readonly database: Queryable) {}

  /** Every event after version `seen`, until the order can change no more. @throws DomainError too-many-streams */
  follow(orderId: string, seen: number): Observable<Entry> {
    if (this.watchers.size >= MAX_WATCHERS) {
      throw new DomainError('too-many-streams', 'Too many orders are being watched. GET the order instead.', 503);
    }
    return new Observable((subscriber) => {
      const watcher = { orderId, seen, subscriber };
      this.watchers.add(watcher);
      subscriber.add(() => this.watchers.delete(watcher));
      if (!this.running) void this.run();
    });
  }

  /** A stream that stays open would hold the shutdown up; its client comes back, with what it has seen. */
  onModuleDestroy() {
    this.stopping.abort();
    for (const { subscriber } of this.watchers) subscriber.complete();
  }

  private async run() {
    this.running = true;
    while (this.watchers.size > 0 && !this.stopping.signal.aborted) {
      await this.look().catch((error: unknown) => this.logger.warn({ ...describeError(error) }));
      await delay(INTERVAL_MS, this.stopping.signal);
    }
    this.running = false;
  }

  private async look() {
    const watchers = [...this.watchers];
    const rows = await this.database.query<{ nth: string; version: number; data: OrderEvent; occurred_at: Date }>(
      `SELECT w.nth, e.version, e.data, e.occurred_at
       FROM unnest($1::uuid[], $2::int[]) WITH ORDINALITY AS w (order_id, seen, nth)
       JOIN order_events e ON e.stream_id = w.order_id AND e.version > w.seen
       ORDER BY w.nth, e.version`,
      [watchers.map(({ orderId }) => orderId), watchers.map(({ seen }) => seen)],
    );
    for (const { nth, version, data: event, occurred_at: occurredAt } of rows) {
      const watcher = watchers[Number(nth) - 1]!;
      watcher.seen = version;
      watcher.subscriber.next({ version, occurredAt, event });
      if (isLast(event)) watcher.subscriber.complete();
    }
  }
}

/** After these an order changes no more. A completed one may still be refunded. */
export function isLast(event: OrderEvent): boolean {
  return event.type === 'OrderCancelled' || event.type === 'OrderRefunded';
}
