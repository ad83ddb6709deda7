import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { FactType, OrderRefunded } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { EndReservation } from '../end-reservation.ts';
import { INVENTORY } from '../inventory.transports.ts';

@Controller()
export class ReturnStockOnOrderRefunded {
  constructor(private readonly endReservation: EndReservation) {}

  @EventPattern<FactType>('OrderRefunded', INVENTORY)
  async return(@Payload() { orderId }: OrderRefunded, @Ctx() ctx: FactContext) {
    await this.endReservation.execute(ctx.tx, orderId, 'returned');
  }
}
