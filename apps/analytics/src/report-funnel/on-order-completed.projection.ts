import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { generationOf, type OrderCompleted } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';

@Controller()
export class NoteCompletedOnOrderCompleted {
  @OnFact('OrderCompleted', 'analytics.funnel')
  async note(@Payload() { orderId }: OrderCompleted, @Ctx() { consumer, tx }: FactContext) {
    await tx.query(
      `INSERT INTO funnel_orders (generation, order_id, completed) VALUES ($1, $2, true)
       ON CONFLICT (generation, order_id) DO UPDATE SET completed = true`,
      [generationOf(consumer), orderId],
    );
  }
}
