import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { OrderCompleted } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';
import { EndReservation } from '../end-reservation.ts';

@Controller()
export class ShipStockOnOrderCompleted {
  constructor(private readonly endReservation: EndReservation) {}

  @OnFact('OrderCompleted')
  async ship(@Payload() { orderId }: OrderCompleted, @Ctx() ctx: FactContext) {
    await this.endReservation.execute(ctx.tx, orderId, 'shipped');
  }
}
