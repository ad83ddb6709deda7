import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { type FactType, generationOf, type OrderPlaced } from '@cartwheel/contracts';
import type { FactContext } from '@cartwheel/inbox';
import { COMPLETION } from '../analytics.transports.ts';

@Controller()
export class StartTimingOnOrderPlaced {
  @EventPattern<FactType>('OrderPlaced', COMPLETION)
  async start(@Payload() { orderId }: OrderPlaced, @Ctx() { consumer, fact, tx }: FactContext) {
    await tx.query('INSERT INTO completion_times (generation, order_id, placed_at) VALUES ($1, $2, $3)', [
      generationOf(consumer),
      orderId,
      fact.time,
    ]);
  }
}
