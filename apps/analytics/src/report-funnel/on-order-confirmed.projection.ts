import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { type FactType, generationOf, type OrderConfirmed } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { FUNNEL } from '../analytics.transports.ts';

@Controller()
export class NoteConfirmedOnOrderConfirmed {
  @EventPattern<FactType>('OrderConfirmed', FUNNEL)
  async note(@Payload() { orderId }: OrderConfirmed, @Ctx() { consumer, tx }: FactContext) {
    await tx.query('UPDATE funnel_orders SET confirmed = true WHERE generation = $1 AND order_id = $2', [
      generationOf(consumer),
      orderId,
    ]);
  }
}
