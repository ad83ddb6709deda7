import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { generationOf, type OrderPlaced } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';

@Controller()
export class StartTimingOnOrderPlaced {
  @OnFact('OrderPlaced', 'analytics.completion')
  async start(@Payload() { orderId }: OrderPlaced, @Ctx() { consumer, fact, tx }: FactContext) {
    await tx.query(
      `INSERT INTO completion_times AS t (generation, order_id, placed_at) VALUES ($1, $2, $3)
       ON CONFLICT (generation, order_id) DO UPDATE SET placed_at = excluded.placed_at,
         completed_on = (t.completed_at AT TIME ZONE 'UTC')::date,
         took_ms = extract(epoch FROM t.completed_at - excluded.placed_at) * 1000`,
      [generationOf(consumer), orderId, fact.time],
    );
  }
}
