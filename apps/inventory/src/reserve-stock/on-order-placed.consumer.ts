import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { fact, type FactType, type OrderPlaced } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { INVENTORY } from '../inventory.transports.ts';
import { ReserveStock } from './reserve-stock.ts';

@Controller()
export class ReserveStockOnOrderPlaced {
  constructor(private readonly reserveStock: ReserveStock) {}

  @EventPattern<FactType>('OrderPlaced', INVENTORY)
  async reserve(@Payload() { orderId, items }: OrderPlaced, @Ctx() ctx: FactContext) {
    const wanted = items.map(({ sku, quantity }) => ({ sku, quantity }));
    const shortfall = await this.reserveStock.execute(ctx.tx, orderId, wanted);
    ctx.emit(
      shortfall.length > 0
        ? fact('StockRejected', orderId, { orderId, shortfall })
        : fact('StockReserved', orderId, { orderId, items: wanted }),
    );
  }
}
