import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { readEvents } from '@cartwheel/event-store';
import { Problems } from '@cartwheel/http';
import type { Queryable } from '@cartwheel/postgres';
import { DATABASE } from '@cartwheel/service';
import { z } from 'zod';
import { evolve, type Order, type OrderEvent } from '../domain/order.ts';
import { OrderId } from '../order.requests.ts';
import { OrderDetails, OrderHistory, orderNotFound, toHistoryEntry, toOrderDetails } from '../order.responses.ts';

const Instant = z.object({ at: z.iso.datetime({ offset: true }).optional() });

@Controller('orders/:id')
@Problems('order-not-found')
export class GetOrderController {
  constructor(@Inject(DATABASE) private readonly database: Queryable) {}

  /** The order as it is, or `?at=` as it was: that answer comes from its events. */
  @Get()
  @ApiOkResponse({ standardSchema: OrderDetails })
  async get(@OrderId() orderId: string, @Query({ schema: Instant }) { at }: z.infer<typeof Instant>) {
    return at === undefined ? this.current(orderId) : this.asOf(orderId, new Date(at));
  }

  @Get('history')
  @ApiOkResponse({ standardSchema: OrderHistory })
  async history(@OrderId() orderId: string) {
    const events = await this.events(orderId);
    if (events.length === 0) throw orderNotFound();
    return { orderId, history: events.map(toHistoryEntry) };
  }

  private async current(orderId: string) {
    const [row] = await this.database.query<{ state: Order; placed_at: Date; updated_at: Date }>(
      'SELECT state, placed_at, updated_at FROM orders WHERE order_id = $1',
      [orderId],
    );
    if (!row) throw orderNotFound();
    return toOrderDetails(row.state, row.placed_at, row.updated_at);
  }

  private async asOf(orderId: string, at: Date) {
    const events = (await this.events(orderId)).filter(({ occurredAt }) => occurredAt <= at);
    const order = events.reduce<Order | undefined>((state, { event }) => evolve(state, event), undefined);
    if (!order) throw orderNotFound();
    return toOrderDetails(order, events[0]!.occurredAt, events.at(-1)!.occurredAt);
  }

  private events(orderId: string) {
    return readEvents<OrderEvent>(this.database, 'order_events', orderId);
  }
}
