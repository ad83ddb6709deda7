import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { type FactType, generationOf, type OrderCompleted } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { COMPLETION } from '../analytics.transports.ts';

/** By the facts' own times, never a clock of ours: a rebuild after a year finds the same. `extract` is exact here, a numeric. */
@Controller()
export class StopTimingOnOrderCompleted {
  @EventPattern<FactType>('OrderCompleted', COMPLETION)
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
