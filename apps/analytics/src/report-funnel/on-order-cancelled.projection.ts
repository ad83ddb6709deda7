import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { generationOf, type OrderCancelled } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';

@Controller()
export class NoteReasonOnOrderCancelled {
  @OnFact('OrderCancelled', 'analytics.funnel')
  async note(@Payload() { orderId, reason }: OrderCancelled, @Ctx() { consumer, tx }: FactContext) {
    await tx.query(
      `INSERT INTO funnel_orders (generation, order_id, cancellation_reason) VALUES ($1, $2, $3)
       ON CONFLICT (generation, order_id) DO UPDATE SET cancellation_reason = excluded.cancellation_reason`,
      [generationOf(consumer), orderId, reason],
    );
  }
}
