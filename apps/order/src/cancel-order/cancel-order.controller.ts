import { Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiAcceptedResponse } from '@nestjs/swagger';
import type { Cause } from '@cartwheel/contracts';
import { Problems, RequestCause } from '@cartwheel/http';
import { UnitOfWork } from '@cartwheel/outbox';
import type { Queryable } from '@cartwheel/postgres';
import { DATABASE } from '@cartwheel/service';
import { cancel } from '../domain/order.ts';
import { OrderRepository } from '../order.repository.ts';
import { OrderId } from '../order.requests.ts';
import { orderNotFound, OrderStatus, toOrderStatus } from '../order.responses.ts';

@Controller('orders')
export class CancelOrderController {
  constructor(
    @Inject(DATABASE) private readonly database: Queryable,
    private readonly unitOfWork: UnitOfWork,
    private readonly orders: OrderRepository,
  ) {}

  /** The wish is durable when this answers; what becomes of it depends on how far the money is (see `cancel`). */
  @Post(':id/cancellation')
  @HttpCode(202)
  @Problems('order-not-found', 'order-already-cancelled')
  @ApiAcceptedResponse({ standardSchema: OrderStatus })
  async cancel(@OrderId() orderId: string, @RequestCause() cause: Cause) {
    // What follows belongs to the checkout that the order came from.
    const correlationId = await this.orders.correlationOf(this.database, orderId);
    if (correlationId === undefined) throw orderNotFound();
    const order = await this.unitOfWork.run({ ...cause, correlationId }, (tx) =>
      this.orders.change(tx, orderId, cancel),
    );
    return toOrderStatus(order!);
  }
}
