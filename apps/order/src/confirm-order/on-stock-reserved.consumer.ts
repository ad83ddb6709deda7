import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { StockReserved } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';
import { noteStockReserved } from '../domain/order.ts';
import { OrderRepository } from '../order.repository.ts';

@Controller()
export class ConfirmOrderOnStockReserved {
  constructor(private readonly orders: OrderRepository) {}

  @OnFact('StockReserved')
  async note(@Payload() { orderId }: StockReserved, @Ctx() ctx: FactContext) {
    await this.orders.change(ctx.tx, orderId, noteStockReserved);
  }
}
