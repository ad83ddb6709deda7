import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { generationOf, type OrderCompleted } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';

/** By the facts' own times, never a clock of ours: a rebuild after a year finds the same. `extract` is exact here, a numeric. */
@Controller()
export class StopTimingOnOrderCompleted {
  @OnFact('OrderCompleted', 'analytics.completion')
  async stop(@Payload() { orderId }: OrderCompleted, @Ctx() { consumer, fact, tx }: FactContext) {
    await tx.query(
      `INSERT INTO completion_times AS t (generation, order_id, completed_at) VALUES ($1, $2, $3)
       ON CONFLICT (generation, order_id) DO UPDATE SET completed_at = excluded.completed_at,
         completed_on = (excluded.completed_at AT TIME ZONE 'UTC')::date,
         took_ms = extract(epoch FROM excluded.completed_at - t.placed_at) * 1000`,
      [generationOf(consumer), orderId, fact.time],
    );
  }
}
