import { Controller, Get, Inject, Param } from '@nestjs/common';
import type { Queryable } from '@cartwheel/postgres';
import { DomainError, isId } from '@cartwheel/primitives';
import { DATABASE } from '@cartwheel/service';
import type { Order } from '../domain/order.ts';

@Controller('orders')
export class GetOrderController {
  constructor(@Inject(DATABASE) private readonly database: Queryable) {}

  @Get(':id')
  async get(@Param('id') id: string) {
    const rows = isId(id)
      ? await this.database.query<{ state: Order; placed_at: Date; updated_at: Date }>(
          'SELECT state, placed_at, updated_at FROM orders WHERE order_id = $1',
          [id],
        )
      : [];
    if (!rows[0]) throw new DomainError('order-not-found', 'There is no order with this id.', 404);
    const { state: order, placed_at: placedAt, updated_at: updatedAt } = rows[0];
    const { orderId, status, items, total } = order;
    const cancellation = order.status === 'cancelled' ? { cancellationReason: order.reason } : {};
    return { orderId, status, items, total, placedAt, updatedAt, ...cancellation };
  }
}
