import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { generationOf, type OrderRefunded } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';

@Controller()
export class NoteRefundedOnOrderRefunded {
  @OnFact('OrderRefunded', 'analytics.funnel')
  async note(@Payload() { orderId }: OrderRefunded, @Ctx() { consumer, tx }: FactContext) {
    await tx.query(
      `INSERT INTO funnel_orders (generation, order_id, refunded) VALUES ($1, $2, true)
       ON CONFLICT (generation, order_id) DO UPDATE SET refunded = true`,
      [generationOf(consumer), orderId],
    );
  }
}
