import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { type FactType, generationOf, type OrderCompleted } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { FUNNEL } from '../analytics.transports.ts';

@Controller()
export class NoteCompletedOnOrderCompleted {
  @EventPattern<FactType>('OrderCompleted', FUNNEL)
  async note(@Payload() { orderId }: OrderCompleted, @Ctx() { consumer, tx }: FactContext) {
    await tx.query('UPDATE funnel_orders SET completed = true WHERE generation = $1 AND order_id = $2', [
      generationOf(consumer),
      orderId,
    ]);
  }
}
