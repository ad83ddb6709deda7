import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { fact, type FactType, type OrderRefunded } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { INVENTORY } from '../inventory.transports.ts';
import { StockRepository } from '../stock.repository.ts';

@Controller()
export class ReturnStockOnOrderRefunded {
  constructor(private readonly stock: StockRepository) {}

  @EventPattern<FactType>('OrderRefunded', INVENTORY)
  async return(@Payload() { orderId }: OrderRefunded, @Ctx() ctx: FactContext) {
    const items = await this.stock.end(ctx.tx, orderId, 'returned');
    if (items.length > 0) ctx.emit(fact('StockReturned', orderId, { orderId, items }));
  }
}
