import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { OrderRefunded } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';
import { EndReservation } from '../end-reservation.ts';

@Controller()
export class ReturnStockOnOrderRefunded {
  constructor(private readonly endReservation: EndReservation) {}

  @OnFact('OrderRefunded')
  async return(@Payload() { orderId }: OrderRefunded, @Ctx() ctx: FactContext) {
    await this.endReservation.execute(ctx.tx, orderId, 'returned');
  }
}
