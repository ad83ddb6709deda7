import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { FactType, OrderCancelled } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { EndReservation } from '../end-reservation.ts';
import { INVENTORY } from '../inventory.transports.ts';

@Controller()
export class ReleaseStockOnOrderCancelled {
  constructor(private readonly endReservation: EndReservation) {}

  @EventPattern<FactType>('OrderCancelled', INVENTORY)
  async release(@Payload() { orderId }: OrderCancelled, @Ctx() ctx: FactContext) {
    await this.endReservation.execute(ctx.tx, orderId, 'released');
  }
}
