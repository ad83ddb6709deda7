import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import type { Queryable } from '@cartwheel/postgres';
import { DATABASE } from '@cartwheel/service';
import { z } from 'zod';
import type { Order } from '../domain/order.ts';
import { OrderList, toOrderDetails } from '../order.responses.ts';

const Page = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  /** The last order id of the page before; ids are UUIDv7, so they sort by time. */
  after: z.uuid().optional(),
});

@Controller('orders')
export class ListOrdersController {
  constructor(@Inject(DATABASE) private readonly database: Queryable) {}

  /** The newest first. A cursor stays good while orders are placed: what comes after it is older, and stays there. */
  @Get()
  @ApiOkResponse({ standardSchema: OrderList })
  async list(@Query({ schema: Page }) { limit, after }: z.infer<typeof Page>) {
    const rows = await this.database.query<{ state: Order; placed_at: Date; updated_at: Date }>(
      `SELECT state, placed_at, updated_at FROM orders WHERE $1::uuid IS NULL OR order_id < $1
       ORDER BY order_id DESC LIMIT $2`,
      [after ?? null, limit + 1],
    );
    const orders = rows.slice(0, limit).map((row) => toOrderDetails(row.state, row.placed_at, row.updated_at));
    return { orders, ...(rows.length > limit ? { next: orders.at(-1)!.orderId } : {}) };
  }
}
