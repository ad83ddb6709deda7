import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { generationOf, type OrderPlaced } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { OnFact } from '@cartwheel/service';

/** It comes before every other fact about its order, unless the topic got more partitions. */
@Controller()
export class EnterFunnelOnOrderPlaced {
  @OnFact('OrderPlaced', 'analytics.funnel')
  async enter(@Payload() { orderId }: OrderPlaced, @Ctx() { consumer, fact, tx }: FactContext) {
    await tx.query(
      `INSERT INTO funnel_orders (generation, order_id, placed_on)
       VALUES ($1, $2, ($3::timestamptz AT TIME ZONE 'UTC')::date)
       ON CONFLICT (generation, order_id) DO UPDATE SET placed_on = excluded.placed_on`,
      [generationOf(consumer), orderId, fact.time],
    );
  }
}
