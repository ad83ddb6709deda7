import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { fact, type FactType, type OrderCompleted } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { INVENTORY } from '../inventory.transports.ts';
import { StockRepository } from '../stock.repository.ts';

@Controller()
export class ShipStockOnOrderCompleted {
  constructor(private readonly stock: StockRepository) {}

  @EventPattern<FactType>('OrderCompleted', INVENTORY)
  async ship(@Payload() { orderId }: OrderCompleted, @Ctx() ctx: FactContext) {
    const items = await this.stock.end(ctx.tx, orderId, 'shipped');
    if (items.length > 0) ctx.emit(fact('StockShipped', orderId, { orderId, items }));
  }
}
