import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { fact, type OrderPlaced } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';
import { EndReservation } from '../end-reservation.ts';
import { ReserveStock } from './reserve-stock.ts';

@Controller()
export class ReserveStockOnOrderPlaced {
  constructor(
    private readonly reserveStock: ReserveStock,
    private readonly endReservation: EndReservation,
  ) {}

  @OnFact('OrderPlaced')
  async reserve(@Payload() { orderId, items }: OrderPlaced, @Ctx() ctx: FactContext) {
    const wanted = items.map(({ sku, quantity }) => ({ sku, quantity }));
    const shortfall = await this.reserveStock.execute(ctx.tx, orderId, wanted);
    if (shortfall.length > 0) return ctx.emit(fact('StockRejected', orderId, { orderId, shortfall }));
    ctx.emit(fact('StockReserved', orderId, { orderId, items: wanted }));
    await this.endReservation.catchUp(ctx.tx, orderId);
  }
}
