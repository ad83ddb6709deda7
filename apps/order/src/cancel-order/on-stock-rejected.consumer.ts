import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { StockRejected } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';
import { noteStockRejected } from '../domain/order.ts';
import { OrderRepository } from '../order.repository.ts';

@Controller()
export class CancelOrderOnStockRejected {
  constructor(private readonly orders: OrderRepository) {}

  @OnFact('StockRejected')
  async cancel(@Payload() { orderId }: StockRejected, @Ctx() ctx: FactContext) {
    await this.orders.change(ctx.tx, orderId, noteStockRejected);
  }
}
