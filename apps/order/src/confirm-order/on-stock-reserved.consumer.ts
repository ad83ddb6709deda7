import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { FactType, StockReserved } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { noteStockReserved } from '../domain/order.ts';
import { OrderRepository } from '../order.repository.ts';
import { ORDER } from '../order.transports.ts';

@Controller()
export class ConfirmOrderOnStockReserved {
  constructor(private readonly orders: OrderRepository) {}

  @EventPattern<FactType>('StockReserved', ORDER)
  async note(@Payload() { orderId }: StockReserved, @Ctx() ctx: FactContext) {
    await this.orders.change(ctx.tx, orderId, noteStockReserved);
  }
}
