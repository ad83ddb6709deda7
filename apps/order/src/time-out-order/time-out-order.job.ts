import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { inContextOf, inSpan, SpanKind } from '@cartwheel/observability';
import { UnitOfWork } from '@cartwheel/outbox';
import type { Queryable } from '@cartwheel/postgres';
import { delay, describeError } from '@cartwheel/primitives';
import { DATABASE } from '@cartwheel/service';
import { config } from '../config.ts';
import { timeOut } from '../domain/order.ts';
import { OrderRepository } from '../order.repository.ts';

/**
 * The only clock of the checkout. Several instances may run it: the order's row lock lets one of them through, and the
 * others then find an order that is not `placed` any more.
 */
@Injectable()
export class TimeOutOrder implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopping = new AbortController();
  private readonly logger = new Logger('time-out');
  private loop: Promise<void> | undefined;

  constructor(
    @Inject(DATABASE) private readonly database: Queryable,
    private readonly unitOfWork: UnitOfWork,
    private readonly orders: OrderRepository,
  ) {}

  onApplicationBootstrap() {
    this.loop = this.run();
  }

  async onModuleDestroy() {
    this.stopping.abort();
    await this.loop;
  }

  private async run() {
    // After an outage the answers may be in the log already: the consumers read them first.
    await delay(config.ORDER_TIMEOUT_GRACE_MS, this.stopping.signal);
    while (!this.stopping.signal.aborted) {
      await this.runOnce().catch((error: unknown) => this.logger.warn({ ...describeError(error) }));
      await delay(config.ORDER_TIMEOUT_POLL_INTERVAL_MS, this.stopping.signal);
    }
  }

  /** Cancels what is overdue, each order in a transaction of its own. What caused it is its own `OrderPlaced`. */
  async runOnce() {
    const rows = await this.database.query<{ order_id: string; fact_id: string; correlation_id: string }>(
      `SELECT o.order_id, e.fact_id, e.correlation_id FROM orders o
       JOIN order_events e ON e.stream_id = o.order_id AND e.version = 1
       WHERE o.status = 'placed' AND o.placed_at < now() - $1 * interval '1 millisecond'
       ORDER BY o.placed_at LIMIT 100`,
      [config.ORDER_TIMEOUT_MS],
    );
    for (const { order_id: orderId, fact_id: causationId, correlation_id: correlationId } of rows) {
      if (this.stopping.signal.aborted) return;
      // One order that cannot be changed now must not keep the others from ending.
      await inContextOf({ correlationId }, () =>
        inSpan('time out', { kind: SpanKind.INTERNAL }, () =>
          this.unitOfWork.run({ correlationId, causationId }, (tx) => this.orders.change(tx, orderId, timeOut)),
        ).catch((error: unknown) => this.logger.warn({ orderId, ...describeError(error) })),
      );
    }
  }
}
