import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { type FactType, generationOf, type OrderRefunded } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { FUNNEL } from '../analytics.transports.ts';

@Controller()
export class NoteRefundedOnOrderRefunded {
  @EventPattern<FactType>('OrderRefunded', FUNNEL)
  async note(@Payload() { orderId }: OrderRefunded, @Ctx() { consumer, tx }: FactContext) {
    await tx.query('UPDATE funnel_orders SET refunded = true WHERE generation = $1 AND order_id = $2', [
      generationOf(consumer),
      orderId,
    ]);
  }
}
