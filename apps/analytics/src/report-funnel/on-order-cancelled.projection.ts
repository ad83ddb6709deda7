import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { type FactType, generationOf, type OrderCancelled } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { FUNNEL } from '../analytics.transports.ts';

@Controller()
export class NoteReasonOnOrderCancelled {
  @EventPattern<FactType>('OrderCancelled', FUNNEL)
  async note(@Payload() { orderId, reason }: OrderCancelled, @Ctx() { consumer, tx }: FactContext) {
    await tx.query('UPDATE funnel_orders SET cancellation_reason = $3 WHERE generation = $1 AND order_id = $2', [
      generationOf(consumer),
      orderId,
      reason,
    ]);
  }
}
