import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { OrderCancelled } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';
import { EndReservation } from '../end-reservation.ts';

@Controller()
export class ReleaseStockOnOrderCancelled {
  constructor(private readonly endReservation: EndReservation) {}

  @OnFact('OrderCancelled')
  async release(@Payload() { orderId }: OrderCancelled, @Ctx() ctx: FactContext) {
    await this.endReservation.execute(ctx.tx, orderId, 'released');
  }
}
