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
      `UPDATE completion_times SET completed_on = ($3::timestamptz AT TIME ZONE 'UTC')::date,
         took_ms = extract(epoch FROM $3::timestamptz - placed_at) * 1000
       WHERE generation = $1 AND order_id = $2`,
      [generationOf(consumer), orderId, fact.time],
    );
  }
}
