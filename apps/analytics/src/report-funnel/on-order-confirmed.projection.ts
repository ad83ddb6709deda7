import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { type FactType, generationOf, type OrderConfirmed } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { FUNNEL } from '../analytics.transports.ts';

@Controller()
export class NoteConfirmedOnOrderConfirmed {
  @EventPattern<FactType>('OrderConfirmed', FUNNEL)
  async note(@Payload() { orderId }: OrderConfirmed, @Ctx() { consumer, tx }: FactContext) {
    await tx.query(
      `INSERT INTO funnel_orders (generation, order_id, confirmed) VALUES ($1, $2, true)
       ON CONFLICT (generation, order_id) DO UPDATE SET confirmed = true`,
      [generationOf(consumer), orderId],
    );
  }
}
