import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { type FactType, generationOf, type OrderCancelled } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { FUNNEL } from '../analytics.transports.ts';

@Controller()
export class NoteReasonOnOrderCancelled {
  @EventPattern<FactType>('OrderCancelled', FUNNEL)
  async note(@Payload() { orderId, reason }: OrderCancelled, @Ctx() { consumer, tx }: FactContext) {
    await tx.query(
      `INSERT INTO funnel_orders (generation, order_id, cancellation_reason) VALUES ($1, $2, $3)
       ON CONFLICT (generation, order_id) DO UPDATE SET cancellation_reason = excluded.cancellation_reason`,
      [generationOf(consumer), orderId, reason],
    );
  }
}
