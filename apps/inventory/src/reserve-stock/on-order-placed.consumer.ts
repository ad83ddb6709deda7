import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { fact, type FactType, type OrderPlaced } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { EndReservation } from '../end-reservation.ts';
import { INVENTORY } from '../inventory.transports.ts';
import { ReserveStock } from './reserve-stock.ts';

@Controller()
export class ReserveStockOnOrderPlaced {
  constructor(
    private readonly reserveStock: ReserveStock,
    private readonly endReservation: EndReservation,
  ) {}

  @EventPattern<FactType>('OrderPlaced', INVENTORY)
  async reserve(@Payload() { orderId, items }: OrderPlaced, @Ctx() ctx: FactContext) {
    const wanted = items.map(({ sku, quantity }) => ({ sku, quantity }));
    const shortfall = await this.reserveStock.execute(ctx.tx, orderId, wanted);
    if (shortfall.length > 0) return ctx.emit(fact('StockRejected', orderId, { orderId, shortfall }));
    ctx.emit(fact('StockReserved', orderId, { orderId, items: wanted }));
    await this.endReservation.catchUp(ctx.tx, orderId);
  }
}
