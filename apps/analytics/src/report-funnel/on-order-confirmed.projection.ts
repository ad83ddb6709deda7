import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { generationOf, type OrderConfirmed } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';

@Controller()
export class NoteConfirmedOnOrderConfirmed {
  @OnFact('OrderConfirmed', 'analytics.funnel')
  async note(@Payload() { orderId }: OrderConfirmed, @Ctx() { consumer, tx }: FactContext) {
    await tx.query(
      `INSERT INTO funnel_orders (generation, order_id, confirmed) VALUES ($1, $2, true)
       ON CONFLICT (generation, order_id) DO UPDATE SET confirmed = true`,
      [generationOf(consumer), orderId],
    );
  }
}
