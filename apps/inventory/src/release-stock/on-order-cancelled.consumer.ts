import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { fact, type FactType, type OrderCancelled } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { INVENTORY } from '../inventory.transports.ts';
import { StockRepository } from '../stock.repository.ts';

@Controller()
export class ReleaseStockOnOrderCancelled {
  constructor(private readonly stock: StockRepository) {}

  @EventPattern<FactType>('OrderCancelled', INVENTORY)
  async release(@Payload() { orderId }: OrderCancelled, @Ctx() ctx: FactContext) {
    const items = await this.stock.end(ctx.tx, orderId, 'released');
    if (items.length > 0) ctx.emit(fact('StockReleased', orderId, { orderId, items }));
  }
}
