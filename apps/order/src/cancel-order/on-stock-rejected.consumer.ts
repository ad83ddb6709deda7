import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { FactType, StockRejected } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { noteStockRejected } from '../domain/order.ts';
import { OrderRepository } from '../order.repository.ts';
import { ORDER } from '../order.transports.ts';

@Controller()
export class CancelOrderOnStockRejected {
  constructor(private readonly orders: OrderRepository) {}

  @EventPattern<FactType>('StockRejected', ORDER)
  async cancel(@Payload() { orderId }: StockRejected, @Ctx() ctx: FactContext) {
    await this.orders.change(ctx.tx, orderId, noteStockRejected);
  }
}
