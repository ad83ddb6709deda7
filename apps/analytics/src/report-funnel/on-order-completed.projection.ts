import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { type FactType, generationOf, type OrderCompleted } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { FUNNEL } from '../analytics.transports.ts';

@Controller()
export class NoteCompletedOnOrderCompleted {
  @EventPattern<FactType>('OrderCompleted', FUNNEL)
  async note(@Payload() { orderId }: OrderCompleted, @Ctx() { consumer, tx }: FactContext) {
    await tx.query(
      `INSERT INTO funnel_orders (generation, order_id, completed) VALUES ($1, $2, true)
       ON CONFLICT (generation, order_id) DO UPDATE SET completed = true`,
      [generationOf(consumer), orderId],
    );
  }
}
