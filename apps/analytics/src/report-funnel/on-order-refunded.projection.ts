import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { type FactType, generationOf, type OrderRefunded } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { FUNNEL } from '../analytics.transports.ts';

@Controller()
export class NoteRefundedOnOrderRefunded {
  @EventPattern<FactType>('OrderRefunded', FUNNEL)
  async note(@Payload() { orderId }: OrderRefunded, @Ctx() { consumer, tx }: FactContext) {
    await tx.query(
      `INSERT INTO funnel_orders (generation, order_id, refunded) VALUES ($1, $2, true)
       ON CONFLICT (generation, order_id) DO UPDATE SET refunded = true`,
      [generationOf(consumer), orderId],
    );
  }
}
