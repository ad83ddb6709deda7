import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { FactType, OrderCompleted } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { EndReservation } from '../end-reservation.ts';
import { INVENTORY } from '../inventory.transports.ts';

@Controller()
export class ShipStockOnOrderCompleted {
  constructor(private readonly endReservation: EndReservation) {}

  @EventPattern<FactType>('OrderCompleted', INVENTORY)
  async ship(@Payload() { orderId }: OrderCompleted, @Ctx() ctx: FactContext) {
    await this.endReservation.execute(ctx.tx, orderId, 'shipped');
  }
}
